package albertkeras;

import java.nio.ByteBuffer;
import java.util.Map;

/**
 * What a .tflite that `ak.export.tflite` wrote holds beside the model: how ids
 * are made of a text, the names of its classes, whose vocabulary it has.
 *
 * <pre>{@code
 * LiteContents contents = LiteContents.of(buffer);
 * AlbertTokenizer tokenizer = contents.tokenizer();
 * new TextClassifier(model, tokenizer, contents.labels());
 * }</pre>
 */
public final class LiteContents {
  private static final String DESCRIPTION = "albert.json";
  private static final String LABELS = "labels.txt";

  private final Map<?, ?> description;
  private final Map<String, byte[]> files;

  private LiteContents(Map<?, ?> description, Map<String, byte[]> files) {
    this.description = description;
    this.files = files;
  }

  /**
   * Checks a file and reads what is packed with it.
   *
   * @param content all of the .tflite
   * @throws AlbertException if it is damaged, as {@link LiteFile#check} says,
   *     or nothing is packed with it
   */
  public static LiteContents of(ByteBuffer content) {
    LiteFile.check(content);
    Map<String, byte[]> files = PackedFiles.read(content);
    byte[] packed = files.get(DESCRIPTION);
    if (packed == null) {
      throw new AlbertException(
          "A model must be a file that `ak.export.tflite` wrote. Received: a"
              + " .tflite without "
              + DESCRIPTION
              + ", or cut off.");
    }
    Object json = Json.read(new String(packed, PieceModel.UTF8));
    if (!(json instanceof Map)) {
      throw missing("an object");
    }
    return new LiteContents((Map<?, ?>) json, files);
  }

  /** Whether the file says which vocabulary it has. */
  public boolean hasVocabulary() {
    return description.get("vocabulary") instanceof Map;
  }

  /**
   * The tokenizer of the model, with the vocabulary that is packed.
   *
   * @throws AlbertException if there is none, or it is damaged
   */
  public AlbertTokenizer tokenizer() {
    Object name = section("vocabulary").get("file");
    byte[] packed = files.get(name);
    if (packed == null) {
      throw missing("the vocabulary " + name);
    }
    return tokenizer(packed);
  }

  /**
   * The tokenizer of the model, with the options that it was trained with.
   *
   * @param vocabulary the content of the `spiece.model` that it was exported
   *     with, or of the one that is packed; both give the same ids
   * @throws AlbertException if it is another
   */
  public AlbertTokenizer tokenizer(byte[] vocabulary) {
    Map<?, ?> expected = section("vocabulary");
    String found = Sha256.of(ByteBuffer.wrap(vocabulary));
    if (found.equals(expected.get("sha256"))) {
      return new AlbertTokenizer(PieceModel.packed(vocabulary), textOptions());
    }
    if (!found.equals(expected.get("original_sha256"))) {
      throw new AlbertException(
          "A vocabulary must be the one that the model was exported with, with"
              + " the SHA-256 "
              + expected.get("original_sha256")
              + ". Received: "
              + found
              + ".");
    }
    return new AlbertTokenizer(vocabulary, textOptions());
  }

  /** How text is read. */
  public TextOptions textOptions() {
    Map<?, ?> text = section("text");
    return TextOptions.DEFAULT
        .withLowercase(isTrue(text, "lowercase"))
        .withKeepAccents(isTrue(text, "keep_accents"))
        .withReplaceQuotes(isTrue(text, "replace_quotes"))
        .withSpecialSymbols(isTrue(text, "special_symbols"));
  }

  /**
   * Names of the classes, in the order of their ids; their numbers if the
   * model was exported without.
   *
   * @throws AlbertException if the model has no classes
   */
  public String[] labels() {
    byte[] labels = files.get(LABELS);
    if (labels == null) {
      throw missing("labels");
    }
    return new String(labels, PieceModel.UTF8).split("\n");
  }

  private Map<?, ?> section(String name) {
    Object section = description.get(name);
    if (!(section instanceof Map)) {
      throw missing(name);
    }
    return (Map<?, ?>) section;
  }

  private static boolean isTrue(Map<?, ?> section, String name) {
    Object value = section.get(name);
    if (!(value instanceof Boolean)) {
      throw missing(name);
    }
    return (Boolean) value;
  }

  private static AlbertException missing(String what) {
    return new AlbertException(
        "The description of a model must hold "
            + what
            + ". Received: one without.");
  }
}
