package albertkeras.jvm.text;

import albertkeras.AlbertException;
import albertkeras.AlbertTokenizer;
import albertkeras.TextOptions;
import albertkeras.Tokens;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.util.Arrays;

/**
 * Tokenizes texts from standard input.
 *
 * <p>Arguments: a `spiece.model`, and any of `cased`, `accents`, `quotes` and
 * `plain`. A text is its length in bytes and UTF-16, big-endian; so that a
 * lone surrogate gets through. Its answer is the number of its tokens and
 * their ids, then their starts and ends in UTF-16 units, then in code points;
 * or -1 and a sentence, as UTF-8 behind its length.
 */
public final class TokenizerProcess {
  private static final Charset UTF8 = Charset.forName("UTF-8");

  private TokenizerProcess() {}

  public static void main(String[] arguments) throws IOException {
    TextOptions options = TextOptions.DEFAULT;
    for (String word : Arrays.asList(arguments).subList(1, arguments.length)) {
      options = with(options, word);
    }
    DataInputStream in =
        new DataInputStream(new BufferedInputStream(System.in, 1 << 16));
    DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(System.out, 1 << 16));
    AlbertTokenizer tokenizer;
    try {
      tokenizer =
          AlbertTokenizer.load(new FileInputStream(arguments[0]), options);
    } catch (AlbertException error) {
      say(error, out);
      out.flush();
      return;
    }
    out.writeInt(tokenizer.vocabularySize());
    out.flush();
    while (true) {
      int length = in.readInt();
      if (length < 0) { // what follows is needed before any more is sent
        out.flush();
        continue;
      }
      if (length == Integer.MAX_VALUE) {
        break;
      }
      char[] units = new char[length / 2];
      byte[] bytes = new byte[length];
      in.readFully(bytes);
      for (int i = 0; i < units.length; i++) {
        units[i] =
            (char) ((bytes[2 * i] & 0xff) << 8 | bytes[2 * i + 1] & 0xff);
      }
      answer(tokenizer, new String(units), out);
    }
    out.flush();
  }

  private static void answer(
      AlbertTokenizer tokenizer, String text, DataOutputStream out)
      throws IOException {
    Tokens tokens;
    try {
      tokens = tokenizer.tokenize(text);
      if (!Arrays.equals(tokenizer.encode(text), tokens.ids)) {
        throw new AlbertException("encode and tokenize differ.");
      }
    } catch (AlbertException error) {
      say(error, out);
      return;
    }
    Tokens inCodePoints = tokens.inCodePoints(text);
    out.writeInt(tokens.size());
    for (int[] column :
        new int[][] {
          tokens.ids,
          tokens.starts,
          tokens.ends,
          inCodePoints.starts,
          inCodePoints.ends
        }) {
      for (int number : column) {
        out.writeInt(number);
      }
    }
  }

  private static void say(AlbertException error, DataOutputStream out)
      throws IOException {
    byte[] sentence = error.getMessage().getBytes(UTF8);
    out.writeInt(-1);
    out.writeInt(sentence.length);
    out.write(sentence);
  }

  private static TextOptions with(TextOptions options, String word) {
    switch (word) {
      case "cased":
        return options.withLowercase(false);
      case "accents":
        return options.withKeepAccents(true);
      case "quotes":
        return options.withReplaceQuotes(true);
      case "plain":
        return options.withSpecialSymbols(false);
      default:
        throw new IllegalArgumentException(word);
    }
  }
}
