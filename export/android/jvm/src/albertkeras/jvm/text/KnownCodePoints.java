package albertkeras.jvm.text;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Writes a byte for each code point: 1 if this Java knows it, else 0. */
public final class KnownCodePoints {
  private KnownCodePoints() {}

  public static void main(String[] arguments) throws IOException {
    try (OutputStream out = new BufferedOutputStream(System.out)) {
      for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
        out.write(Character.isDefined(c) ? 1 : 0);
      }
    }
  }
}
