// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.util.List;

/**
 * Numbers and expressions: the operators of C and their precedence on unsigned numbers of 64 bits. Both sides of
 * {@code &&}, {@code ||} and {@code ?:} are worked out, so that a division by zero is an error wherever it stands. A
 * shift by 64 or more leaves nothing.
 */
final class CellExpression {
    /** Most parentheses, signs and conditions inside each other. */
    static final int MAX_DEPTH = 128;

    /** From the weakest to the strongest; of operators that begin alike the longer one comes first. */
    private static final List<List<String>> LEVELS = List.of(
            List.of("||"),
            List.of("&&"),
            List.of("|"),
            List.of("^"),
            List.of("&"),
            List.of("==", "!="),
            List.of("<=", ">=", "<", ">"),
            List.of("<<", ">>"),
            List.of("+", "-"),
            List.of("*", "/", "%"));

    private final SourceLexer lexer;
    private int depth;

    CellExpression(SourceLexer lexer) {
        this.lexer = lexer;
    }

    /** A number, a character, or an expression in parentheses. */
    long value(String what) {
        char next = lexer.peek();
        if (lexer.isNumber()) {
            return lexer.number();
        }
        if (next == '\'') {
            return lexer.character();
        }
        if (next != '(') {
            throw lexer.expected(what);
        }
        lexer.expect('(');
        long value = conditional();
        lexer.expect(')');
        return value;
    }

    private void enter() {
        if (++depth > MAX_DEPTH) {
            throw lexer.error(Code.TOO_DEEP, lexer.offset(), "more than " + MAX_DEPTH + " levels of an expression");
        }
    }

    private long conditional() {
        enter();
        long value = binary(0);
        if (lexer.take('?')) {
            long whenTrue = conditional();
            lexer.expect(':');
            long whenFalse = conditional();
            value = value != 0 ? whenTrue : whenFalse;
        }
        depth--;
        return value;
    }

    private long binary(int level) {
        if (level == LEVELS.size()) {
            return unary();
        }
        long left = binary(level + 1);
        while (true) {
            int operatorStart = lexer.offset();
            String operator = takeOperator(level);
            if (operator.isEmpty()) {
                return left;
            }
            left = apply(operator, left, binary(level + 1), operatorStart);
        }
    }

    private String takeOperator(int level) {
        for (String operator : LEVELS.get(level)) {
            if (!isPartOfLonger(operator) && lexer.take(operator)) {
                return operator;
            }
        }
        return "";
    }

    /** {@code |} is none in {@code ||}, {@code <} is none in {@code <<}. */
    private boolean isPartOfLonger(String operator) {
        return switch (operator) {
            case "|", "&", "<", ">" -> lexer.isNext(operator + operator);
            default -> false;
        };
    }

    private long unary() {
        if (lexer.peek() == '-' || lexer.peek() == '~' || lexer.peek() == '!') {
            enter();
            char operator = lexer.peek();
            lexer.expect(operator);
            long value = unary();
            depth--;
            return switch (operator) {
                case '-' -> -value;
                case '~' -> ~value;
                default -> truth(value == 0);
            };
        }
        return value("a number, a character or '('");
    }

    private long apply(String operator, long left, long right, int operatorStart) {
        return switch (operator) {
            case "||" -> truth(left != 0 || right != 0);
            case "&&" -> truth(left != 0 && right != 0);
            case "|" -> left | right;
            case "^" -> left ^ right;
            case "&" -> left & right;
            case "==" -> truth(left == right);
            case "!=" -> truth(left != right);
            case "<=" -> truth(Long.compareUnsigned(left, right) <= 0);
            case ">=" -> truth(Long.compareUnsigned(left, right) >= 0);
            case "<" -> truth(Long.compareUnsigned(left, right) < 0);
            case ">" -> truth(Long.compareUnsigned(left, right) > 0);
            case "<<" -> isShift(right) ? left << right : 0;
            case ">>" -> isShift(right) ? left >>> right : 0;
            case "+" -> left + right;
            case "-" -> left - right;
            case "*" -> left * right;
            case "/" -> Long.divideUnsigned(left, divisor(right, operatorStart));
            default -> Long.remainderUnsigned(left, divisor(right, operatorStart));
        };
    }

    private static boolean isShift(long distance) {
        return distance >= 0 && distance < Long.SIZE;
    }

    private static long truth(boolean isTrue) {
        return isTrue ? 1 : 0;
    }

    private long divisor(long value, int operatorStart) {
        if (value == 0) {
            throw lexer.error(Code.BAD_VALUE, operatorStart, "division by zero");
        }
        return value;
    }
}
