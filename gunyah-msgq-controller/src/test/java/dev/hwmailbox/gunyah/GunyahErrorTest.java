// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class GunyahErrorTest {
    /** Number, name, and the value that Linux gives. */
    private static final String TABLE = """
            0 OK 0
            -1 UNIMPLEMENTED 95
            -2 RETRY 95
            1 ARGUMENT_INVALID 22
            2 ARGUMENT_SIZE 22
            3 ARGUMENT_ALIGNMENT 22
            10 NOMEM 12
            11 NORESOURCES 22
            20 ADDR_OVERFLOW 22
            21 ADDR_UNDERFLOW 22
            22 ADDR_INVALID 22
            30 DENIED 13
            31 BUSY 16
            32 IDLE 16
            33 OBJECT_STATE 22
            34 OBJECT_CONFIG 22
            35 OBJECT_CONFIGURED 22
            36 FAILURE 22
            40 VIRQ_BOUND 5
            41 VIRQ_NOT_BOUND 5
            50 CSPACE_CAP_NULL 13
            51 CSPACE_CAP_REVOKED 13
            52 CSPACE_WRONG_OBJECT_TYPE 13
            53 CSPACE_INSUFFICIENT_RIGHTS 13
            54 CSPACE_FULL 13
            60 MSGQUEUE_EMPTY 5
            61 MSGQUEUE_FULL 5
            """;

    private static final Map<Integer, String[]> ROWS = TABLE.lines()
            .map(line -> line.split(" "))
            .collect(Collectors.toMap(row -> Integer.valueOf(row[0]), row -> row, (a, b) -> b, TreeMap::new));

    @Test
    void everyNumberOfTheTableHasItsConstant() {
        Map<String, Integer> constants = Arrays.stream(GunyahError.class.getFields())
                .filter(field -> Modifier.isStatic(field.getModifiers()))
                .collect(Collectors.toMap(field -> field.getName(), GunyahErrorTest::value));

        assertThat(constants).hasSize(27);
        ROWS.forEach((number, row) -> assertThat(constants).containsEntry(row[1], number));
    }

    private static int value(Field field) {
        try {
            return field.getInt(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void everyNumberIsNamedAndMappedAsLinuxDoes() {
        for (int number = -1000; number <= 1000; number++) {
            String[] row = ROWS.get(number);
            boolean memory = number == 111 || number == 120 || number == 121 || number == 200;
            String unnamed = memory ? "memory error " + number : "error " + number;

            assertThat(GunyahError.name(number)).isEqualTo(row == null ? unnamed : row[1]);
            assertThat(GunyahError.toErrno(number))
                    .as("errno of %d", number)
                    .isEqualTo(row == null ? 22 : Integer.parseInt(row[2]));
        }
    }

    @Test
    void extremeNumbersAreKeptVisible() {
        for (int number : new int[] {Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThat(GunyahError.name(number)).isEqualTo("error " + number);
            assertThat(GunyahError.toErrno(number)).isEqualTo(22);
        }
    }

    @Test
    void rightsAreTheBitsOfTheSpecification() {
        assertThat(new int[] {
                    GunyahRights.MSGQ_SEND,
                    GunyahRights.MSGQ_RECEIVE,
                    GunyahRights.MSGQ_BIND_SEND,
                    GunyahRights.MSGQ_BIND_RECEIVE,
                    GunyahRights.OBJECT_ACTIVATE,
                    GunyahRights.PARTITION_OBJECT_CREATE,
                    GunyahRights.VIC_BIND_SOURCE,
                    GunyahRights.CSPACE_CAP_CREATE,
                    GunyahRights.CSPACE_CAP_DELETE,
                    GunyahRights.CSPACE_CAP_COPY,
                    GunyahRights.CSPACE_CAP_REVOKE
                })
                .containsExactly(1, 2, 4, 8, 1 << 31, 1, 1, 1, 2, 4, 16);
    }

    @Test
    void capabilityIdsAreUnsignedAndOnlyAllOnesIsInvalid() {
        assertThat(CapabilityId.of(-1)).isSameAs(CapabilityId.INVALID);
        assertThat(CapabilityId.of(-1).isValid()).isFalse();
        assertThat(CapabilityId.of(0).isValid()).isTrue();
        assertThat(CapabilityId.of(Long.MIN_VALUE).isValid()).isTrue();
        assertThat(CapabilityId.of(Long.MIN_VALUE)).isGreaterThan(CapabilityId.of(Long.MAX_VALUE));
        assertThat(CapabilityId.of(0xfedcL)).hasToString("0x000000000000fedc");
    }

    @Test
    void dataPathResultsCarryStatusFlagAndSize() {
        for (int status : new int[] {0, 61, -1, Integer.MIN_VALUE}) {
            for (boolean flag : new boolean[] {false, true}) {
                long send = GunyahHypercalls.sendResult(status, flag);
                long receive = GunyahHypercalls.receiveResult(status, 1023, flag);

                assertThat(GunyahHypercalls.status(send)).isEqualTo(status);
                assertThat(GunyahHypercalls.notFull(send)).isEqualTo(flag);
                assertThat(GunyahHypercalls.status(receive)).isEqualTo(status);
                assertThat(GunyahHypercalls.notEmpty(receive)).isEqualTo(flag);
                assertThat(GunyahHypercalls.size(receive)).isEqualTo(1023);
            }
        }
    }
}
