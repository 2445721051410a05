// SPDX-License-Identifier: Apache-2.0
/**
 * The client's face of the mailbox framework: own a channel, send, receive, close.
 *
 * <p>A {@link dev.hwmailbox.MailboxClient} is bound to a channel of a controller and gets a
 * {@link dev.hwmailbox.MailboxChannel}. All time goes through a {@link dev.hwmailbox.MailboxScheduler}. Expected
 * outcomes are results: 0 or more for success, a negated {@link dev.hwmailbox.Errno} otherwise. Set-up calls throw
 * {@link dev.hwmailbox.MailboxException}, whose {@code errno()} is positive.
 *
 * <table>
 * <caption>What this package and {@link dev.hwmailbox.controller} answer</caption>
 * <tr><th>errno</th><th>from</th><th>meaning</th><th>may I retry?</th></tr>
 * <tr><td>EINVAL</td><td>send, flush, slotsAvailable</td><td>the channel is closed</td>
 *     <td>no; bind again</td></tr>
 * <tr><td>EINVAL</td><td>building a controller</td><td>no channels, or polling without lastTxDone</td><td>no</td></tr>
 * <tr><td>EINVAL</td><td>request</td><td>the client's node does not lead to a channel: see the
 * message</td><td>no</td></tr>
 * <tr><td>ENODEV</td><td>request</td><td>the client has no node</td><td>no</td></tr>
 * <tr><td>ENOENT</td><td>request</td><td>{@code mboxes} has no such entry</td><td>no</td></tr>
 * <tr><td>EPROBE_DEFER</td><td>request</td><td>the controller is not registered</td>
 *     <td>yes, when a {@link dev.hwmailbox.RegistrationListener} is told of one</td></tr>
 * <tr><td>ENOBUFS</td><td>send</td><td>the queue is full</td><td>yes, after {@code writable} or a
 * {@code txDone}</td></tr>
 * <tr><td>EMSGSIZE</td><td>sendAll</td><td>more messages than the queue can ever hold</td><td>no</td></tr>
 * <tr><td>ECANCELED</td><td>asynchronous send</td><td>its future was cancelled; reported to {@code txDone} only</td>
 *     <td>as ETIME</td></tr>
 * <tr><td>ETIME</td><td>blocking send</td><td>not reported sent in time. The message is off the channel; if it had been
 *     accepted, the other side may have it</td><td>yes, if sending it twice does no harm</td></tr>
 * <tr><td>EINTR</td><td>blocking send</td><td>the waiting thread was interrupted; otherwise as ETIME</td>
 *     <td>as ETIME, once the flag is dealt with</td></tr>
 * <tr><td>ESHUTDOWN</td><td>blocking send, request, bind</td><td>the channel was closed meanwhile</td><td>no; bind
 * again</td></tr>
 * <tr><td>ESHUTDOWN</td><td>register</td><td>the registry is closed</td><td>no</td></tr>
 * <tr><td>EBUSY</td><td>request, bind</td><td>the channel has an owner, or its last attempt is still on its way</td>
 *     <td>yes, when the owner has closed it</td></tr>
 * <tr><td>EBUSY</td><td>register</td><td>the controller is registered already</td><td>no; unregister first</td></tr>
 * <tr><td>ENOTSUPP</td><td>flush</td><td>the controller cannot flush</td><td>no</td></tr>
 * <tr><td>EIO</td><td>request, bind, flush</td><td>the controller's operation threw</td><td>as its documentation
 * says</td></tr>
 * <tr><td>others</td><td>blocking send, request, bind, flush</td><td>the controller's own status or result, passed
 * through</td>
 *     <td>as its documentation says</td></tr>
 * </table>
 */
@NullMarked
package dev.hwmailbox;

import org.jspecify.annotations.NullMarked;
