package albertkeras;

import java.util.ArrayList;
import java.util.List;

/** A stretch of raw text between special symbols. */
final class Segment {
  static final String CLS = "[CLS]";
  static final String SEP = "[SEP]";
  static final String MASK = "[MASK]";
  private static final String[] SYMBOLS = {CLS, SEP, MASK};

  /** The symbol right before it; null at the beginning. */
  final String symbol;

  final String text;

  /** Where it begins in the whole text. */
  final int start;

  private Segment(String symbol, String text, int start) {
    this.symbol = symbol;
    this.text = text;
    this.start = start;
  }

  /**
   * Whether the text goes on from a `[MASK]` without a space between. Then it
   * begins no word: the `.` of `[MASK].` is the piece `.`, not `▁` and `.`.
   */
  boolean continues() {
    return MASK.equals(symbol)
        && (text.isEmpty() || !Characters.isSpace(text.charAt(0)));
  }

  /** Cuts text at its special symbols; one segment at least. */
  static List<Segment> split(String text, boolean atSymbols) {
    List<Segment> segments = new ArrayList<Segment>(1);
    String symbol = null;
    int start = 0;
    int bracket = atSymbols ? text.indexOf('[') : -1;
    while (bracket >= 0) {
      int next = bracket + 1;
      for (String each : SYMBOLS) {
        if (text.startsWith(each, bracket)) {
          segments.add(
              new Segment(symbol, text.substring(start, bracket), start));
          symbol = each;
          next = start = bracket + each.length();
        }
      }
      bracket = text.indexOf('[', next);
    }
    segments.add(new Segment(symbol, text.substring(start), start));
    return segments;
  }
}
