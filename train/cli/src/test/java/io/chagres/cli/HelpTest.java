package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.RecipeKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HelpTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "quickstart",
                "train",
                "finetune",
                "merge",
                "prune",
                "quantize",
                "generate",
                "eval",
                "attention",
                "tokenizer",
                "tokenizer train",
                "tokenizer encode",
                "tokenizer decode",
                "info",
                "bench",
                "doctor"
            })
    void everyCommandExplainsItself(String command) {
        Cli help = Cli.ok((command + " --help").split(" "));
        assertThat(help.out()).startsWith("Usage: chagres " + command);
        assertThat(help.err()).isEmpty();
        assertThat(help.out().lines()).allMatch(line -> line.length() <= 80);
        assertThat(help.out()).doesNotContain("%n").doesNotContain("${");
    }

    @Test
    void theOverviewNamesEveryCommandInALine() {
        assertThat(Cli.ok("--help").out().lines())
                .anyMatch(l -> l.matches(" +quickstart +Trains a small .*"))
                .anyMatch(l -> l.matches(" +train +Trains a model .*"))
                .anyMatch(l -> l.matches(" +eval +Measures .*"))
                .noneMatch(String::isBlank);
        assertThat(Cli.run().code()).isEqualTo(2);
    }

    @Test
    void everyKeyOfARecipeIsAnOptionWithItsMeaningAndDefault() {
        String help = Cli.ok("train", "--help").out().replaceAll("\\s+", "");
        for (RecipeKey<?> key : Recipe.keys()) {
            String text =
                    "--%s=VALUE%sTakes%s.".formatted(key.path(), key.description(), key.expected());
            String byDefault = key.defaultValue().map(d -> "Default:" + d + ".").orElse("");
            assertThat(help).contains((text + byDefault).replaceAll("\\s+", ""));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "quikstart, there is no command 'quikstart'; did you mean 'quickstart'?",
        "train --train.learning_rat=1, did you mean '--train.learning_rate'?",
        "train --train.learning-rate=1, did you mean '--train.learning_rate'?",
        "train --steps 5, unknown option '--steps'; did you mean '--train.steps'?",
        "train --model.steps=5, did you mean '--train.steps'?",
        "finetune --finetune.rank=8, did you mean '--finetune.r'?",
        "train --resum, did you mean '--resume'?",
        "generate x --tempratur 1, unknown option '--tempratur'; did you mean '--temperature'?",
        "quickstart --qqqqqqqq, unknown option '--qqqqqqqq' (see chagres quickstart --help)",
        "generate x y z, nothing takes the argument 'z'",
        "generate, 'Missing required parameter: ''MODEL'''",
        "eval x --threads q, 'Invalid value for option ''--threads'': ''q'' is not an int'",
        "eval x --batch-size 0, --batch-size: must be at least 1",
        "generate x -n -1, --max-new-tokens: must be at least 0",
        "generate x --top-p 3, '--top-p: must be in (0, 1]'",
        "tokenizer train x -o y --vocab-size 10, --vocab-size: must be at least 257",
        "bench gemm --seconds 0, --seconds: must be above 0",
        "quickstart --steps 0, --steps: must be at least 1",
        "quickstart --minutes 0, --minutes: must be above 0",
        "tokenizer, 'tokenizer needs a command: train, encode or decode'",
    })
    void misuseIsOneLineThatSaysWhatWasMeant(String command, String message) {
        Cli cli = Cli.run(command.split(" "));
        assertThat(cli.code()).isEqualTo(2);
        assertThat(cli.out()).isEmpty();
        assertThat(cli.err().lines()).hasSize(1);
        assertThat(cli.err()).startsWith("chagres: ").contains(message);
    }

    @ParameterizedTest
    @CsvSource({
        "train --train.steps=x, '--train.steps: expected a whole number'",
        "train --train.steps=0, '--train.steps: expected'",
        "train --config no.yaml, no.yaml: no such file",
        "train --data.sources=/no/such --output=target/run, /no/such",
        "train --resume --output /no/such, /no/such",
        "eval /no/such, /no/such",
        "info /no/such, /no/such",
        "generate /no/such hello, /no/such",
        "tokenizer encode /no/such hello, /no/such",
    })
    void whatIsWrongIsNamedInOneLine(String command, String message) {
        Cli cli = Cli.run(command.split(" "));
        assertThat(cli.code()).isEqualTo(1);
        assertThat(cli.err().lines()).hasSize(1);
        assertThat(cli.err()).startsWith("chagres: ").contains(message);
    }
}
