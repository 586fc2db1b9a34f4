package albertkeras;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns text into ALBERT's token ids and back, as `ak.AlbertTokenizer` does.
 *
 * <p>Text is cut at the special symbols, normalised and encoded by
 * SentencePiece. A special symbol in the text becomes its id and takes the
 * space before it along; a piece that ends in a digit and a comma is cut apart.
 *
 * <p>It may be used by several threads at once.
 *
 * <pre>{@code
 * AlbertTokenizer tokenizer =
 *     AlbertTokenizer.load(assets.open("spiece.model"), TextOptions.DEFAULT);
 * tokenizer.encode("This is a test"); // {48, 25, 21, 1289}
 * }</pre>
 */
public final class AlbertTokenizer {
  /** The longest text that is taken, in UTF-16 units. */
  public static final int LONGEST_TEXT = 1000000;

  private static final String WORD_START = "\u2581";

  /** Ids of `<pad>`, `<unk>`, `[CLS]`, `[SEP]` and `[MASK]`. */
  public final int padId;

  public final int unkId;
  public final int clsId;
  public final int sepId;
  public final int maskId;

  final TextOptions options;
  private final PieceModel model;
  private final TextNormalizer normalizer;
  private final PieceNormalizer pieceNormalizer;
  private final UnigramEncoder encoder;
  private final Map<String, Integer> idsByPiece;
  // Put before a text that begins no word; its tokens are taken off again.
  private final String boundary;
  private final int boundaryLength;
  private final DigitCommas digitCommas;

  /**
   * @param proto the content of a `spiece.model`
   * @param options how text is read
   * @throws AlbertException if it is no SentencePiece model, or none that
   *     ALBERT can use
   */
  public AlbertTokenizer(byte[] proto, TextOptions options) {
    this.options = options;
    model = new PieceModel(proto);
    normalizer = new TextNormalizer(options);
    encoder = new UnigramEncoder(model);
    pieceNormalizer = new PieceNormalizer(model, encoder.userDefined);
    idsByPiece = new HashMap<String, Integer>(2 * model.pieces.size());
    for (int i = 0; i < model.pieces.size(); i++) {
      idsByPiece.put(model.pieces.get(i), i);
    }
    padId = idOf("<pad>");
    unkId = model.unknown;
    clsId = idOf(Segment.CLS);
    sepId = idOf(Segment.SEP);
    maskId = idOf(Segment.MASK);
    boundary = Boundary.find(model, pieceNormalizer);
    boundaryLength = pieceIds(boundary).length;
    digitCommas = new DigitCommas(model, this);
  }

  /**
   * Reads a vocabulary and closes the stream.
   *
   * @throws IOException if it cannot be read
   * @throws AlbertException as of the constructor
   */
  public static AlbertTokenizer load(InputStream stream, TextOptions options)
      throws IOException {
    try {
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      byte[] buffer = new byte[1 << 16];
      for (int n = stream.read(buffer); n >= 0; n = stream.read(buffer)) {
        content.write(buffer, 0, n);
      }
      return new AlbertTokenizer(content.toByteArray(), options);
    } finally {
      stream.close();
    }
  }

  /** How many pieces there are. */
  public int vocabularySize() {
    return model.pieces.size();
  }

  /** The id of a piece; {@link #unkId} if there is none. */
  public int idOf(String piece) {
    Integer id = idsByPiece.get(piece);
    return id == null ? model.unknown : id;
  }

  /**
   * The piece of an id.
   *
   * @throws AlbertException if the id is outside the vocabulary
   */
  public String pieceOf(int id) {
    if (id < 0 || id >= model.pieces.size()) {
      throw new AlbertException(
          "A token id must be in the vocabulary. Received: "
              + id
              + ", expected 0 to "
              + (model.pieces.size() - 1)
              + ".");
    }
    return model.pieces.get(id);
  }

  /**
   * Token ids of a text alone, without `[CLS]` and `[SEP]` around it.
   *
   * @throws AlbertException if the text is longer than {@link #LONGEST_TEXT}
   */
  public int[] encode(String text) {
    IntList ids = new IntList();
    for (Segment segment : split(text)) {
      if (segment.symbol != null) {
        ids.add(idOf(segment.symbol));
      }
      String prepared = normalizer.normalize(segment.text);
      boolean continues = segment.continues();
      int[] found = pieceIds(continues ? boundary + prepared : prepared);
      for (int i = continues ? boundaryLength : 0; i < found.length; i++) {
        digitCommas.addIds(found[i], ids);
      }
    }
    return ids.toArray();
  }

  /**
   * Token ids of a text, and where in it each token stands.
   *
   * <p>A span leaves out the space before a word. A token without characters of
   * its own (a lone `▁`) has an empty span; tokens that share a character (`½`
   * gives `1`, `⁄` and `2`) share its span; an accent belongs to its letter.
   *
   * @throws AlbertException as {@link #encode}
   */
  public Tokens tokenize(String text) {
    IntList ids = new IntList();
    IntList starts = new IntList();
    IntList ends = new IntList();
    for (Segment segment : split(text)) {
      if (segment.symbol != null) {
        ids.add(idOf(segment.symbol));
        starts.add(segment.start - segment.symbol.length());
        ends.add(segment.start);
      }
      String prefix = segment.continues() ? boundary : "";
      AlignedText aligned = normalizer.align(segment.text);
      SegmentSpans spans = new SegmentSpans(aligned, prefix, segment);
      Utf8 utf8 = new Utf8(prefix, aligned.codePoints, aligned.length);
      PieceNormalizer.Result normalized =
          pieceNormalizer.normalize(utf8.bytes, utf8.length, true);
      UnigramEncoder.Segmentation found =
          encoder.encode(normalized.bytes, normalized.length);
      spans.locate(utf8, normalized);
      int first =
          prefix.isEmpty() ? 0 : Math.min(boundaryLength, found.ids.length);
      int before = first > 0 ? spans.numberAt(found.ends[first - 1]) : 0;
      for (int i = first; i < found.ids.length; i++) {
        int count = spans.numberAt(found.ends[i]) - before;
        before += count;
        int[] lengths = digitCommas.lengths(found.ids[i], count);
        digitCommas.addIds(found.ids[i], ids);
        for (int length : lengths) {
          spans.add(length, starts, ends);
        }
      }
    }
    return new Tokens(ids.toArray(), starts.toArray(), ends.toArray());
  }

  /**
   * The normalised text that token ids stand for.
   *
   * <p>Special symbols are shown, with a space before them; padding is left
   * out.
   *
   * @throws AlbertException if an id is outside the vocabulary
   */
  public String decode(int... ids) {
    StringBuilder text = new StringBuilder();
    int start = 0;
    for (int i = 0; i <= ids.length; i++) {
      boolean isSymbol =
          i < ids.length
              && (ids[i] == clsId || ids[i] == sepId || ids[i] == maskId);
      if (i < ids.length) {
        pieceOf(ids[i]); // refuses one that is outside
      }
      if (i == ids.length || isSymbol) {
        decodeRun(ids, start, i, text);
        start = i + 1;
      }
      if (isSymbol) {
        text.append(text.length() > 0 ? " " : "").append(pieceOf(ids[i]));
      }
    }
    return text.toString();
  }

  /** Appends what SentencePiece decodes of ids without special symbols. */
  private void decodeRun(int[] ids, int from, int to, StringBuilder text) {
    StringBuilder run = new StringBuilder();
    boolean isFirst = true;
    boolean wasMarked = false; // the space before the first word was met
    for (int i = from; i < to; i++) {
      String piece = pieceOf(ids[i]);
      int type = model.types[ids[i]];
      if (ids[i] == padId) {
        continue;
      }
      if (isFirst && text.length() > 0 && piece.startsWith(WORD_START)) {
        text.append(' ');
      }
      isFirst = false;
      if (type == PieceModel.CONTROL) {
        wasMarked = false;
      } else if (type == PieceModel.UNKNOWN) {
        run.append(model.unknownSurface);
      } else {
        boolean isAtStart = run.length() == 0 && !wasMarked;
        if (isAtStart
            && (model.addDummyPrefix || model.removeExtraWhitespaces)
            && piece.startsWith(WORD_START)) {
          piece = piece.substring(1);
          wasMarked = !model.removeExtraWhitespaces;
        }
        run.append(piece.replace(WORD_START, " "));
      }
    }
    text.append(run);
  }

  /** Ids that SentencePiece gives for text. */
  int[] pieceIds(String prepared) {
    Utf8 utf8 = new Utf8(prepared);
    PieceNormalizer.Result normalized =
        pieceNormalizer.normalize(utf8.bytes, utf8.length, false);
    return encoder.encode(normalized.bytes, normalized.length).ids;
  }

  /** Pieces that SentencePiece gives for text; the unknown as it stands. */
  String[] pieceTexts(String prepared) {
    Utf8 utf8 = new Utf8(prepared);
    PieceNormalizer.Result normalized =
        pieceNormalizer.normalize(utf8.bytes, utf8.length, false);
    int[] ends = encoder.encode(normalized.bytes, normalized.length).ends;
    String[] texts = new String[ends.length];
    for (int i = 0; i < ends.length; i++) {
      int start = i == 0 ? 0 : ends[i - 1];
      texts[i] =
          new String(
              normalized.bytes, start, ends[i] - start, PieceModel.UTF8);
    }
    return texts;
  }

  private List<Segment> split(String text) {
    if (text.length() > LONGEST_TEXT) {
      throw new AlbertException(
          "A text must have at most "
              + LONGEST_TEXT
              + " characters. Received: "
              + text.length()
              + ".");
    }
    return Segment.split(text, options.specialSymbols);
  }
}
