// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The examples run on the class path; the libraries must work as named modules all the same. */
final class ModulePathTest {
    @Test
    void librariesResolveAndLoadAsNamedModules() throws ClassNotFoundException {
        Path[] path = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> entry.matches(".*(mailbox-api|gunyah-msgq-controller|rm-client|slf4j-api).*"))
                .map(Path::of)
                .toArray(Path[]::new);
        ModuleFinder finder = ModuleFinder.of(path);
        ModuleLayer boot = ModuleLayer.boot();

        Configuration configuration =
                boot.configuration().resolve(finder, ModuleFinder.of(), Set.of("dev.hwmailbox.gunyah.rm"));
        ModuleLayer layer = boot.defineModulesWithOneLoader(configuration, ClassLoader.getPlatformClassLoader());

        assertThat(layer.modules().stream().map(Module::getName))
                .contains("dev.hwmailbox", "dev.hwmailbox.gunyah", "dev.hwmailbox.gunyah.rm");
        Class<?> client =
                layer.findLoader("dev.hwmailbox.gunyah.rm").loadClass("dev.hwmailbox.gunyah.rm.ResourceManager");
        assertThat(client.getModule().getName()).isEqualTo("dev.hwmailbox.gunyah.rm");
        assertThat(client.getMethods()).isNotEmpty();
    }
}
