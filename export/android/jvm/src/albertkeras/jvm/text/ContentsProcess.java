package albertkeras.jvm.text;

import albertkeras.AlbertException;
import albertkeras.LiteContents;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;

/**
 * Looks at .tflite files from standard input, each behind its length.
 *
 * <p>The answer is a sentence, or "", as UTF-8 behind its length. Any other
 * exception than the documented one ends the process.
 */
public final class ContentsProcess {
  private ContentsProcess() {}

  public static void main(String[] arguments) throws IOException {
    DataInputStream in = new DataInputStream(System.in);
    DataOutputStream out = new DataOutputStream(System.out);
    while (true) {
      byte[] file;
      try {
        file = new byte[in.readInt()];
      } catch (EOFException end) {
        break;
      }
      in.readFully(file);
      String sentence = "";
      try {
        LiteContents contents = LiteContents.of(ByteBuffer.wrap(file));
        if (contents.hasVocabulary()) {
          contents.textOptions();
        }
      } catch (AlbertException error) {
        sentence = error.getMessage();
      }
      byte[] bytes = sentence.getBytes(Charset.forName("UTF-8"));
      out.writeInt(bytes.length);
      out.write(bytes);
    }
    out.flush();
  }
}
