package albertkeras;

import java.util.HashMap;
import java.util.Map;

/**
 * The pieces that end in a digit and a comma, and what replaces each.
 *
 * <p>`2010,` becomes what `2010` gives, and `,`: `encode_pieces` in
 * `tokenization.py` of google-research/albert. Where the piece stood inside a
 * word, the `▁` that the digits get on their own is removed.
 */
final class DigitCommas {
  private final Map<Integer, int[]> ids = new HashMap<Integer, int[]>();
  private final Map<Integer, int[]> lengths = new HashMap<Integer, int[]>();

  DigitCommas(PieceModel model, AlbertTokenizer tokenizer) {
    for (int id = 0; id < model.pieces.size(); id++) {
      String piece = model.pieces.get(id);
      int last = piece.length() - 1;
      if (last > 0
          && piece.charAt(last) == ','
          && Characters.isDigit(piece.codePointBefore(last))) {
        add(id, piece.substring(0, last), tokenizer);
      }
    }
  }

  private void add(int id, String digits, AlbertTokenizer tokenizer) {
    String[] parts = tokenizer.pieceTexts(digits.replace("\u2581", ""));
    if (parts.length > 0
        && !digits.startsWith("\u2581")
        && parts[0].startsWith("\u2581")) {
      parts[0] = parts[0].substring(1);
    }
    IntList newIds = new IntList();
    IntList newLengths = new IntList();
    for (String part : parts) {
      if (!part.isEmpty()) {
        newIds.add(tokenizer.idOf(part));
        newLengths.add(part.codePointCount(0, part.length()));
      }
    }
    newIds.add(tokenizer.idOf(","));
    newLengths.add(1);
    ids.put(id, newIds.toArray());
    lengths.put(id, newLengths.toArray());
  }

  /** Adds a piece, or what replaces it. */
  void addIds(int id, IntList to) {
    int[] parts = ids.get(id);
    if (parts == null) {
      to.add(id);
    } else {
      to.addAll(parts);
    }
  }

  /** How many characters a piece, or each of what replaces it, has. */
  int[] lengths(int id, int count) {
    int[] parts = lengths.get(id);
    return parts == null ? new int[] {count} : parts;
  }
}
