// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.examples.CommandLineRun;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The command on files of the recorded data, and on what is no file of any kind. */
class DtCommandTest {
    @SuppressWarnings("NullAway.Init") // opened before the first test
    private static FileSystem recorded;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    @BeforeAll
    static void open() throws IOException, URISyntaxException {
        var zip = Objects.requireNonNull(DtCommandTest.class.getResource("/conformance/devicetree.zip"));
        recorded = FileSystems.newFileSystem(Path.of(zip.toURI()));
    }

    @AfterAll
    static void close() throws IOException {
        recorded.close();
    }

    private static CommandLineRun dt(Object... arguments) {
        List<String> all = new ArrayList<>(List.of("dt"));
        Stream.of(arguments).map(Object::toString).forEach(all::add);
        return CommandLineRun.of(all.toArray(String[]::new));
    }

    /** A copy of a recorded file, in the test's own directory. */
    private Path file(String name) throws IOException {
        Path source = recorded.getPath("/", name);
        return Files.write(directory.resolve(source.getFileName().toString()), Files.readAllBytes(source));
    }

    private Path file(String name, String content) throws IOException {
        return Files.writeString(directory.resolve(name), content);
    }

    private static DeviceTree tree(Path file) throws IOException {
        return DeviceTreeBlob.read(ByteBuffer.wrap(Files.readAllBytes(file)));
    }

    @Test
    void printsTreesAsSource() throws IOException {
        CommandLineRun run = dt("print", file("binding/seed-example.dtb"), file("blobs/minimal.dtb"));

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .startsWith("/dts-v1/;\n")
                .contains("compatible = \"gunyah-resource-manager-1-0\", \"gunyah-resource-manager\";")
                .endsWith("/dts-v1/;\n\n/ {\n};\n");
    }

    @Test
    void printsWhatIsBelowANode() throws IOException {
        CommandLineRun run = dt("print", "-n", "/cpus/cpu@0", file("blobs/guest.dtb"));

        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).isEqualTo("""
                /dts-v1/;

                / {
                \tdevice_type = "cpu";
                \tcompatible = "arm,armv8";
                \treg = <0x00000000 0x00000000>;
                \tenable-method = "psci";
                };
                """);
    }

    @Test
    void saysThatThereIsNoSuchNode() throws IOException {
        Path guest = file("blobs/guest.dtb");

        CommandLineRun run = dt("print", "--node", "/nowhere", guest);

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).isEqualTo("dt: " + guest + " has no node /nowhere\n");
    }

    @Test
    void convertsEveryRecordedBlobToEachFormatAndBack() throws IOException {
        List<Path> blobs;
        try (Stream<Path> files = Files.list(recorded.getPath("/blobs"))) {
            blobs = files.filter(file -> file.toString().endsWith(".dtb")).toList();
        }
        for (Path blob : blobs) {
            Path original = file(blob.toString());
            DeviceTree tree = tree(original);
            Path json = directory.resolve("tree.json");
            Path source = directory.resolve("tree.dts");
            Path back = directory.resolve("back.dtb");

            assertThat(dt("convert", original, "-o", json).exitCode())
                    .as(blob.toString())
                    .isZero();
            assertThat(dt("convert", json, "-o", back).exitCode())
                    .as(blob.toString())
                    .isZero();
            assertThat(tree(back)).as("%s by JSON", blob).isEqualTo(tree);

            CommandLineRun run = dt("convert", original, "-o", source);
            assertThat(run.exitCode()).as("%s %s", blob, run.err()).isZero();
            assertThat(dt("convert", source, "-o", back).exitCode())
                    .as(blob.toString())
                    .isZero();
            DeviceTree again = tree(back);
            assertThat(DeviceTree.of(again.root(), again.memoryReservations(), tree.bootCpuId()))
                    .as("%s by source", blob)
                    .isEqualTo(tree);
            assertThat(run.err())
                    .isEqualTo(
                            tree.bootCpuId() == 0
                                    ? ""
                                    : "dt: source has no word for the boot CPU, " + tree.bootCpuId() + ": left out\n");
        }
        assertThat(blobs).hasSize(26);
    }

    @Test
    void keepsTheLabelsOfASourceWhenAsked() throws IOException {
        Path source = file("dts/symbols.dts");
        Path blob = directory.resolve("out.dtb");

        assertThat(dt("convert", "-@", source, "-o", blob).exitCode()).isZero();
        assertThat(Files.readAllBytes(blob)).isEqualTo(Files.readAllBytes(recorded.getPath("/dts/symbols.dtb")));
        assertThat(dt("convert", source, "-o", blob).exitCode()).isZero();
        assertThat(tree(blob).find("/__symbols__")).isEmpty();
    }

    @Test
    void includesFilesBesideTheIncludingOneAndFromTheGivenDirectories() throws IOException {
        Path given = Files.createDirectory(directory.resolve("given"));
        Path parts = Files.createDirectory(directory.resolve("parts"));
        Files.writeString(parts.resolve("outer.dtsi"), "/include/ \"inner.dtsi\"\n");
        Files.writeString(parts.resolve("inner.dtsi"), "/ { inner = <1>; };\n");
        Files.writeString(given.resolve("constants.h"), "#define LEVEL 4\n");
        Path main = file("main.dts", """
                /dts-v1/;
                #include <dt-bindings/interrupt-controller/arm-gic.h>
                #include "constants.h"
                /include/ "parts/outer.dtsi"
                / { irq = <GIC_SPI 3 LEVEL>; };
                """);

        CommandLineRun run = dt("convert", "-i", given, main);

        assertThat(run.err()).isEmpty();
        assertThat(run.out()).contains("inner = <0x00000001>;", "irq = <0x00000000 0x00000003 0x00000004>;");
        assertThat(dt("convert", main).err()).startsWith("dt: " + main + ":3:").contains("constants.h");
    }

    @Test
    void tellsIncludedFilesOfOneNameApart() throws IOException {
        Path given = Files.createDirectory(directory.resolve("given"));
        Path parts = Files.createDirectory(directory.resolve("parts"));
        Files.createDirectory(given.resolve("parts"));
        Files.writeString(parts.resolve("common.dtsi"), "/include/ \"other.dtsi\"\n/include/ \"leaf.dtsi\"\n");
        Files.writeString(given.resolve("other.dtsi"), "/include/ \"parts/common.dtsi\"\n");
        Files.writeString(given.resolve("parts").resolve("common.dtsi"), "/ { other; };\n");
        Files.writeString(given.resolve("parts").resolve("leaf.dtsi"), "/ { leaf = \"wrong\"; };\n");
        Path leaf = Files.writeString(parts.resolve("leaf.dtsi"), "/ { leaf = \"right\"; };\n");
        Path main = file("main.dts", "/dts-v1/;\n/include/ \"parts/common.dtsi\"\n");

        assertThat(dt("convert", "-i", given, main).out()).contains("other;", "leaf = \"right\";");
        Files.writeString(leaf, "/ { leaf; \n");
        assertThat(dt("convert", "-i", given, main).err()).startsWith("dt: " + leaf + ":");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\0b", "", ".", "parts"})
    void refusesToIncludeWhatIsNoFile(String name) throws IOException {
        Files.createDirectory(directory.resolve("parts"));
        Path main = file("main.dts", "/dts-v1/;\n/include/ \"" + name + "\"\n");

        CommandLineRun run = dt("convert", "-i", directory, main);

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).startsWith("dt: " + main + ":2:11: no file \"");
    }

    @Test
    void readsASourceFromTheStandardInputOnceAndItsInclusionsFromAnywhere() throws IOException {
        Path included = file("included.dtsi", "/ { included; };\n");
        InputStream before = System.in;
        try {
            var source = "/dts-v1/;\n/include/ \"" + included.toAbsolutePath() + "\"\n";
            System.setIn(new ByteArrayInputStream(source.getBytes(StandardCharsets.UTF_8)));
            assertThat(dt("convert", "-").out()).contains("included;");
            System.setIn(new ByteArrayInputStream(source.getBytes(StandardCharsets.UTF_8)));
            CommandLineRun twice = dt("overlay", "-", "-");
            assertThat(twice.exitCode()).isEqualTo(2);
            assertThat(twice.err()).isEqualTo("dt: the standard input, -, can be read once only\n");
        } finally {
            System.setIn(before);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"print", "check", "convert"})
    void exitsWithTwoIfTheStandardOutputIsFull(String subcommand) throws IOException {
        Path seed = file("binding/seed-example.dtb");
        var full = new PrintWriter(Writer.nullWriter()) {
            @Override
            public boolean checkError() {
                return true;
            }
        };
        var err = new StringWriter();

        int exitCode = new CommandLine(new DtCommand())
                .setOut(full)
                .setErr(new PrintWriter(err, true))
                .execute(subcommand, seed.toString());

        assertThat(exitCode).isEqualTo(2);
        assertThat(err).hasToString("dt: the standard output cannot be written\n");
    }

    @Test
    void exitsWithTwoIfTheBlobDoesNotFitOnTheStandardOutput() throws IOException {
        Path minimal = file("blobs/minimal.dtb");
        var full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("no space left");
            }
        };
        PrintStream before = System.out;
        try {
            System.setOut(new PrintStream(full, true, StandardCharsets.UTF_8));
            assertThat(dt("convert", minimal, "-O", "dtb").exitCode()).isEqualTo(2);
        } finally {
            System.setOut(before);
        }
    }

    @Test
    void writesBlobsToTheStandardOutput() throws IOException {
        Path minimal = file("blobs/minimal.dtb");
        var bytes = new ByteArrayOutputStream();
        PrintStream before = System.out;
        try {
            System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
            assertThat(dt("convert", minimal, "-O", "dtb").exitCode()).isZero();
        } finally {
            System.setOut(before);
        }

        assertThat(bytes.toByteArray()).isEqualTo(Files.readAllBytes(minimal));
    }

    @Test
    void appliesOverlaysInOrder() throws IOException {
        Path out = directory.resolve("merged.dtb");

        CommandLineRun run = dt(
                "overlay",
                file("overlays/base.base.dtb"),
                file("overlays/set-status.dtbo"),
                file("overlays/external-phandle.dtbo"),
                file("overlays/new-labels.dtbo"),
                "-o",
                out);

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        DeviceTree recordedResult = tree(file("overlays/seq1.merged.dtb"));
        DeviceTree merged = tree(out);
        assertThat(merged.nodes()).hasSameSizeAs(recordedResult.nodes());
        recordedResult
                .nodes()
                .forEach(node -> assertThat(
                                merged.find(node.path()).orElseThrow().properties())
                        .as(node.path())
                        .containsExactlyInAnyOrderElementsOf(node.properties()));
    }

    @Test
    void writesNothingIfAnOverlayDoesNotFit() throws IOException {
        Path out = directory.resolve("merged.dtb");
        Path overlay = file("overlays/missing-symbol.dtbo");

        CommandLineRun run = dt("overlay", file("overlays/base.base.dtb"), overlay, "-o", out);

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err())
                .isEqualTo("dt: " + overlay + ": overlay fragment@0: label 'nolabel' is not in /__symbols__ of the"
                        + " base\n");
        assertThat(out).doesNotExist();
    }

    @Test
    void checksWhatAClientNeedsUnlessToldOtherwise() throws IOException {
        Path guest = file("rm-dto/guest-full-merged.dtb");

        CommandLineRun lenient = dt("check", guest);

        assertThat(lenient.exitCode()).isZero();
        assertThat(lenient.out().replace(guest.toString(), "FILE")).isEqualTo("""
                FILE: LENIENT: valid
                FILE: Resource Manager at /hypervisor/qcom,resource-mgr@a3c5e00f00000011, GUEST form
                FILE: tx capability 0xa3c5e00f00000010, interrupt 80 EDGE_RISING, 8 x 240 bytes
                FILE: rx capability 0xa3c5e00f00000011, interrupt 81 EDGE_RISING, 8 x 240 bytes
                """);
        CommandLineRun literal = dt("check", "--profile", "final", guest);
        assertThat(literal.exitCode()).isEqualTo(1);
        assertThat(literal.out())
                .contains("error: HYP_COMPATIBLE /hypervisor: compatible is \"gunyah-hypervisor\", ")
                .contains("error: HYP_EXTRA_CHILD /hypervisor: unexpected child node qcom,gunyah-vm")
                .endsWith(": FINAL: invalid, violations: 9\n");
    }

    @ParameterizedTest
    @CsvSource({
        "SEED, binding/seed-example.dtb, 0, valid",
        "FINAL, binding/final-example.dtb, 0, valid",
        "SEED, binding/final-example.dtb, 1, 'invalid, violations: 2'",
        "SEED, blobs/minimal.dtb, 0, nothing to validate",
        "LENIENT, blobs/minimal.dtb, 1, 'invalid, violations: 1'"
    })
    void exitsByTheVerdict(String profile, String name, int exitCode, String verdict) throws IOException {
        CommandLineRun run = dt("check", "-p", profile, file(name));

        assertThat(run.out()).contains(profile + ": " + verdict + "\n");
        assertThat(run.exitCode()).isEqualTo(exitCode);
    }

    @Test
    void readsAnOverlayAlone() throws IOException {
        CommandLineRun run = dt("check", file("rm-dto/host.dtbo"));

        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .contains("Resource Manager at /hypervisor/qcom,resource-manager-rpc@a3c5e00300000010, PRIMARY form")
                .contains("tx capability 0xa3c5e00300000010, interrupt 960 EDGE_RISING, 8 x 240 bytes");
    }

    @Test
    void goesOnAfterAViolation() throws IOException {
        CommandLineRun run = dt("check", file("blobs/minimal.dtb"), file("binding/seed-example.dtb"));

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).contains("seed-example.dtb: LENIENT: valid");
    }

    @Test
    void saysInWhichFileTheJsonIsWrong() throws IOException {
        Path json = file("tree.json", "{}");

        CommandLineRun run = dt("print", json);

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).isEqualTo("dt: " + json + ": the tree has no root\n");
    }

    @Test
    void showsWhereASourceIsWrong() throws IOException {
        Path source = file("dts/cell-too-big.dts");

        CommandLineRun run = dt("print", source);

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err().lines())
                .containsExactly(
                        "dt: " + source + ":2:10: 0x100000000 does not fit into 32 bits",
                        "/ { a = <0x100000000>; };",
                        "         ^");
    }

    @ParameterizedTest
    @ValueSource(strings = {"print", "check", "convert"})
    void exitsWithTwoIfTheInputCannotBeRead(String subcommand) throws IOException {
        Path truncated =
                Files.write(directory.resolve("cut.dtb"), new byte[] {(byte) 0xd0, 0x0d, (byte) 0xfe, (byte) 0xed});
        Path binary = Files.write(directory.resolve("binary"), new byte[] {(byte) 0xff, 0, 1});
        Path missing = directory.resolve("missing.dtb");

        assertThat(dt(subcommand, truncated).err())
                .isEqualTo("dt: " + truncated + ": blob has 4 bytes, a devicetree header needs 40\n");
        assertThat(dt(subcommand, binary).err()).isEqualTo("dt: " + binary + " is neither a blob nor text in UTF-8\n");
        Path latin1 =
                Files.write(directory.resolve("latin1.json"), new byte[] {'{', '"', (byte) 0xfc, '"', ':', '1', '}'});
        assertThat(dt(subcommand, latin1).err()).isEqualTo("dt: " + latin1 + " is neither a blob nor text in UTF-8\n");
        assertThat(dt(subcommand, missing).err()).isEqualTo("dt: " + missing + ": no such file\n");
        assertThat(dt(subcommand, directory).err()).startsWith("dt: " + directory + ": cannot be read: ");
        for (Path file : List.of(truncated, binary, missing, directory)) {
            assertThat(dt(subcommand, file).exitCode()).as(file.toString()).isEqualTo(2);
        }
    }

    @Test
    void exitsWithTwoIfTheOutputCannotBeWritten() throws IOException {
        Path out = directory.resolve("no").resolve("such.dtb");

        CommandLineRun run = dt("convert", file("blobs/minimal.dtb"), "-o", out);

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).startsWith("dt: " + out + ": cannot be written: ");
    }

    @Test
    void exitsWithTwoOnAWrongCommandLine() {
        assertThat(dt().exitCode()).isEqualTo(2);
        assertThat(dt("overlay", "base.dtb").exitCode()).isEqualTo(2);
        assertThat(dt("convert", "a", "-O", "yaml").exitCode()).isEqualTo(2);
        assertThat(dt("--help").out()).contains("Exits 0 if all is well, 1 if the answer is no");
    }
}
