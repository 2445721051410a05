// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Error words, message ids and the enums of the wire. */
class RmNumbersTest {
    static List<Field> errors() {
        return constantsOf(RmError.class);
    }

    static List<Field> messageIds() {
        return constantsOf(RmMessageId.class).stream()
                .filter(field -> !field.getName().equals("NONE"))
                .toList();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "-1, 95",
        "1, 12",
        "2, 19",
        "3, 1",
        "4, 22",
        "5, 16",
        "6, 22",
        "7, 22",
        "8, 22",
        "9, 22",
        "10, 22",
        "11, 22",
        "12, 22",
        "13, 22",
        "14, 22",
        "15, 22",
        "16, 22",
        "17, 22",
        "18, 74",
        "19, 74",
        "20, 74",
        "21, 74",
        "2147483647, 74",
        "-2, 74"
    })
    void errorWordsMapAsInLinux(int word, int errno) {
        assertThat(RmError.toErrno(word)).isEqualTo(errno);
    }

    @ParameterizedTest
    @MethodSource("errors")
    void everyErrorWordHasItsName(Field field) throws IllegalAccessException {
        assertThat(RmError.name(field.getInt(null))).isEqualTo(field.getName());
    }

    @ParameterizedTest
    @MethodSource("messageIds")
    void everyMessageIdHasItsName(Field field) throws IllegalAccessException {
        assertThat(RmMessageId.name(field.getInt(null))).isEqualTo(field.getName());
    }

    @Test
    void allAreThere() {
        assertThat(errors()).hasSize(22);
        assertThat(messageIds()).hasSize(66);
    }

    @Test
    void notificationsHaveTheirBit() throws IllegalAccessException {
        for (Field field : messageIds()) {
            assertThat((field.getInt(null) & 0x0010_0000) != 0)
                    .as(field.getName())
                    .isEqualTo(field.getName().startsWith("NOTIFY_"));
        }
    }

    @Test
    void strangeNumbersAreShownInHex() {
        assertThat(RmError.name(0x15)).isEqualTo("error 0x00000015");
        assertThat(RmMessageId.name(0x56000007)).isEqualTo("message 0x56000007");
        assertThat(RmMessageId.describe(0x56000007)).isEqualTo("message 0x56000007");
        assertThat(RmMessageId.describe(RmMessageId.VM_INIT)).isEqualTo("VM_INIT (0x5600000b)");
    }

    @Test
    void enumsFindTheirValuesAndSurviveStrangeOnes() {
        for (var state : VmState.values()) {
            assertThat(VmState.fromValue(state.value())).isEqualTo(state);
        }
        for (var state : OsState.values()) {
            assertThat(OsState.fromValue(state.value())).isEqualTo(state);
        }
        for (var type : VmExitType.values()) {
            assertThat(VmExitType.fromValue(type.value())).isEqualTo(type);
        }
        for (var type : HypResourceType.values()) {
            assertThat(HypResourceType.fromValue(type.value())).isEqualTo(type);
        }
        assertThat(VmState.fromValue(7)).isEqualTo(VmState.UNKNOWN);
        assertThat(OsState.fromValue(8)).isEqualTo(OsState.UNKNOWN);
        assertThat(VmExitType.fromValue(8)).isEqualTo(VmExitType.UNKNOWN);
        assertThat(HypResourceType.fromValue(11)).isEqualTo(HypResourceType.UNKNOWN);
    }

    @Test
    void messageTypesAreOneToThree() {
        assertThat(RmMessageType.fromValue(1)).contains(RmMessageType.REQUEST);
        assertThat(RmMessageType.fromValue(2)).contains(RmMessageType.REPLY);
        assertThat(RmMessageType.fromValue(3)).contains(RmMessageType.NOTIFICATION);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, -1})
    void otherNumbersAreNoMessageType(int value) {
        assertThat(RmMessageType.fromValue(value)).isEmpty();
    }

    @Test
    void protocolErrorsAreEbadmsg() {
        assertThat(new RmProtocolException(1, "f", 2, "a", "b").errno()).isEqualTo(Errno.EBADMSG);
    }

    private static List<Field> constantsOf(Class<?> type) {
        return Arrays.stream(type.getDeclaredFields())
                .filter(field -> Modifier.isPublic(field.getModifiers()) && field.getType() == int.class)
                .toList();
    }
}
