package albertkeras.jvm.text;

import albertkeras.AlbertException;
import albertkeras.AlbertTokenizer;
import albertkeras.PackedRow;
import albertkeras.TextOptions;
import albertkeras.TextPacker;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.util.Arrays;

/**
 * Packs lines of standard input, a text or two with a tab between.
 *
 * <p>Arguments: a `spiece.model`, the tokens of a row and a truncation. The
 * answer to each is a line of five lists: token ids, segment ids, padding mask,
 * starts and ends; or a sentence.
 */
public final class PackProcess {
  private PackProcess() {}

  public static void main(String[] arguments) throws IOException {
    AlbertTokenizer tokenizer =
        AlbertTokenizer.load(
            new FileInputStream(arguments[0]), TextOptions.DEFAULT);
    TextPacker packer =
        new TextPacker(tokenizer, Integer.parseInt(arguments[1]));
    TextPacker.Truncation truncation =
        TextPacker.Truncation.valueOf(arguments[2]);
    BufferedReader in =
        new BufferedReader(
            new InputStreamReader(System.in, Charset.forName("UTF-8")));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] texts = line.split("\t", -1);
      try {
        PackedRow row =
            texts.length > 1
                ? packer.pack(texts[0], texts[1], truncation)
                : packer.pack(texts[0], truncation);
        int[][] columns = {
          row.tokenIds, row.segmentIds, row.paddingMask, row.starts, row.ends
        };
        System.out.println(Arrays.deepToString(columns));
      } catch (AlbertException error) {
        System.out.println(error.getMessage());
      }
    }
  }
}
