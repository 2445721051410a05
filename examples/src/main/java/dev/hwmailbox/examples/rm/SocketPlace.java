// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a socket is: {@code HOST:PORT}, or the path of a UNIX-domain socket.
 *
 * @param address the address
 */
record SocketPlace(SocketAddress address) {
    private static final Pattern HOST_AND_PORT = Pattern.compile("([^/:]+|\\[[^/\\]]+\\]):([0-9]{1,5})");
    private static final int LARGEST_PORT = 0xffff;

    /** What looks like a host and a port is one; a path of that form can be written with {@code ./} in front. */
    static SocketPlace parse(String text) {
        Matcher matcher = HOST_AND_PORT.matcher(text);
        if (!matcher.matches()) {
            try {
                return new SocketPlace(UnixDomainSocketAddress.of(text));
            } catch (InvalidPathException e) {
                throw new RmFailure(text + " is neither HOST:PORT nor a path: " + e.getMessage());
            }
        }
        int port = Integer.parseInt(matcher.group(2));
        if (port > LARGEST_PORT) {
            throw new RmFailure(text + ": ports end at " + LARGEST_PORT);
        }
        String host = matcher.group(1).replaceAll("[\\[\\]]", "");
        var address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new RmFailure(text + ": no such host");
        }
        return new SocketPlace(address);
    }

    SocketChannel connect() throws IOException {
        return SocketChannel.open(address);
    }

    Listener listen() throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(family());
        try {
            server.bind(address);
        } catch (IOException e) {
            server.close();
            throw e;
        }
        return new Listener(server, new SocketPlace(server.getLocalAddress()));
    }

    private StandardProtocolFamily family() {
        if (address instanceof InetSocketAddress inet) {
            return inet.getAddress() instanceof Inet6Address
                    ? StandardProtocolFamily.INET6
                    : StandardProtocolFamily.INET;
        }
        return StandardProtocolFamily.UNIX;
    }

    /**
     * Who waits for connections. Leaves no socket file behind.
     *
     * @param server the socket
     * @param place where it really is: port 0 stands for any
     */
    record Listener(ServerSocketChannel server, SocketPlace place) implements AutoCloseable {
        SocketChannel accept() throws IOException {
            return server.accept();
        }

        @Override
        public void close() throws IOException {
            server.close();
            if (place.address instanceof UnixDomainSocketAddress unix) {
                Files.deleteIfExists(unix.getPath());
            }
        }
    }

    @Override
    public String toString() {
        return address instanceof InetSocketAddress inet ? inet.getHostString() + ":" + inet.getPort() : address + "";
    }
}
