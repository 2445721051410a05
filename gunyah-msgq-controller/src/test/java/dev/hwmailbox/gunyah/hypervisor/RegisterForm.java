// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.gunyah.hypervisor.RegisterCalls.Conduit;

/** The ways to make a call, and a check on all of them that only the registers of results change. */
enum RegisterForm {
    HVC(Conduit.HVC, false),
    SMCCC_HVC(Conduit.HVC, true),
    SMCCC_SMC(Conduit.SMC, true);

    private static final long RUBBISH = 0x5a5a_1234_8765_a5a5L;

    private final Conduit conduit;
    private final boolean smccc;

    RegisterForm(Conduit conduit, boolean smccc) {
        this.conduit = conduit;
        this.smccc = smccc;
    }

    boolean isSmccc() {
        return smccc;
    }

    /** Makes a call with arguments as the HVC form has them; answers x0 to x7. */
    long[] call(RegisterCalls calls, int function, long... arguments) {
        long[] x = new long[8];
        for (int i = 0; i < x.length; i++) {
            x[i] = RUBBISH + i;
        }
        int first = smccc ? 1 : 0;
        if (smccc) {
            x[0] = 0xC6008000L + function;
        }
        System.arraycopy(arguments, 0, x, first, arguments.length);
        long[] before = x.clone();
        calls.call(conduit, smccc ? 0 : 0x6000 + function, x);
        for (int i = 1 + results(function); i < x.length; i++) {
            if (x[i] != before[i]) {
                throw new AssertionError("call 0x%x changed x%d".formatted(function, i));
            }
        }
        return x;
    }

    /** As {@link #call}, for the error number only. */
    long error(RegisterCalls calls, int function, long... arguments) {
        return call(calls, function, arguments)[0];
    }

    private static int results(int function) {
        return switch (function) {
            case 0x00, 0x07, 0x1B, 0x23 -> 1;
            case 0x1C -> 2;
            default -> 0;
        };
    }
}
