package albertkeras;

import java.util.HashSet;
import java.util.Set;

/**
 * A character that ends every piece it occurs in.
 *
 * <p>SentencePiece begins every text as a word. Text that goes on from a
 * `[MASK]` gets such a character in front: any segmentation has a boundary
 * behind it, so that the best one is that of the character followed by that of
 * the text. ALBERT's vocabularies have several, user-defined symbols as `(`.
 */
final class Boundary {
  // `<`, `=` and `>` are left out: they compose with a following U+0338.
  private static final String CANDIDATES = "!\"#$%&'()*+,-./:;?@[\\]^_`{|}~";

  private Boundary() {}

  static String find(PieceModel model, PieceNormalizer normalizer) {
    Set<String> known = new HashSet<String>(model.pieces);
    Set<Character> inner = new HashSet<Character>();
    for (String piece : model.pieces) {
      for (int i = 0; i + 1 < piece.length(); i++) {
        inner.add(piece.charAt(i));
      }
    }
    for (char c : CANDIDATES.toCharArray()) {
      String candidate = String.valueOf(c);
      if (known.contains(candidate) && !inner.contains(c)) {
        byte[] text = candidate.getBytes(PieceModel.UTF8);
        PieceNormalizer.Result normalized =
            normalizer.normalize(text, text.length, false);
        String shown =
            new String(normalized.bytes, 0, normalized.length, PieceModel.UTF8);
        while (shown.startsWith("\u2581")) {
          shown = shown.substring(1);
        }
        if (shown.equals(candidate)) {
          return candidate;
        }
      }
    }
    // Without a mark a character that is in no piece does.
    return "\ue000";
  }
}
