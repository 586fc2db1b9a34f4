package albertkeras.jvm.text;

import albertkeras.AlbertException;
import albertkeras.AlbertTokenizer;
import albertkeras.TextOptions;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.Charset;

/**
 * Opens vocabularies from standard input, each behind its length in bytes, and
 * encodes the arguments with it.
 *
 * <p>The answer is the number of ids and they; or -1 and a sentence, as UTF-8
 * behind its length. Any other exception ends the process.
 */
public final class VocabularyProcess {
  private VocabularyProcess() {}

  public static void main(String[] texts) throws IOException {
    DataInputStream in = new DataInputStream(System.in);
    DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(System.out));
    while (true) {
      byte[] proto;
      try {
        proto = new byte[in.readInt()];
      } catch (EOFException end) {
        break;
      }
      in.readFully(proto);
      try {
        AlbertTokenizer tokenizer =
            new AlbertTokenizer(proto, TextOptions.DEFAULT);
        int[][] ids = new int[texts.length][];
        int count = 0;
        for (int i = 0; i < texts.length; i++) {
          ids[i] = tokenizer.encode(texts[i]);
          tokenizer.tokenize(texts[i]);
          tokenizer.decode(ids[i]);
          count += ids[i].length;
        }
        out.writeInt(count);
        for (int[] each : ids) {
          for (int id : each) {
            out.writeInt(id);
          }
        }
      } catch (AlbertException error) {
        byte[] sentence =
            error.getMessage().getBytes(Charset.forName("UTF-8"));
        out.writeInt(-1);
        out.writeInt(sentence.length);
        out.write(sentence);
      }
      out.flush();
    }
  }
}
