package albertkeras.jvm.text;

import albertkeras.AlbertTokenizer;
import albertkeras.TextOptions;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells how fast the tokenizer is.
 *
 * <p>Arguments: a `spiece.model`, a file of UTF-8 lines, and rounds. The answer
 * is a line for each round: nanoseconds to open the vocabulary, to encode all
 * lines, to encode them with offsets, and the tokens of all.
 */
public final class SpeedProcess {
  private SpeedProcess() {}

  public static void main(String[] arguments) throws IOException {
    List<String> lines = read(arguments[1]);
    for (int round = 0; round < Integer.parseInt(arguments[2]); round++) {
      long start = System.nanoTime();
      AlbertTokenizer tokenizer =
          AlbertTokenizer.load(
              new FileInputStream(arguments[0]), TextOptions.DEFAULT);
      long opened = System.nanoTime();
      long tokens = 0;
      for (String line : lines) {
        tokens += tokenizer.encode(line).length;
      }
      long encoded = System.nanoTime();
      for (String line : lines) {
        tokenizer.tokenize(line);
      }
      long located = System.nanoTime();
      System.out.println(
          (opened - start)
              + " "
              + (encoded - opened)
              + " "
              + (located - encoded)
              + " "
              + tokens);
    }
  }

  private static List<String> read(String path) throws IOException {
    List<String> lines = new ArrayList<String>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new FileInputStream(path), Charset.forName("UTF-8")))) {
      for (String line = reader.readLine();
          line != null;
          line = reader.readLine()) {
        lines.add(line);
      }
    }
    return lines;
  }
}
