package albertkeras;

/**
 * How text is read; the options that the vocabulary was trained with.
 *
 * <pre>{@code
 * TextOptions cased = TextOptions.DEFAULT.withLowercase(false);
 * }</pre>
 */
public final class TextOptions {
  /** Lower case, no accents, quotes as they are, `[MASK]` is a symbol. */
  public static final TextOptions DEFAULT =
      new TextOptions(true, false, false, true);

  /** Whether text is lower-cased; false for a cased vocabulary. */
  public final boolean lowercase;

  /** Whether combining characters are kept. */
  public final boolean keepAccents;

  /** Whether `` and '' become ", as in Hugging Face's tokenizer. */
  public final boolean replaceQuotes;

  /**
   * Whether `[MASK]`, `[CLS]` and `[SEP]` in a text become their ids; false
   * for text of people who are not trusted.
   */
  public final boolean specialSymbols;

  private TextOptions(
      boolean lowercase,
      boolean keepAccents,
      boolean replaceQuotes,
      boolean specialSymbols) {
    this.lowercase = lowercase;
    this.keepAccents = keepAccents;
    this.replaceQuotes = replaceQuotes;
    this.specialSymbols = specialSymbols;
  }

  /** These options, but for {@link #lowercase}. */
  public TextOptions withLowercase(boolean value) {
    return new TextOptions(value, keepAccents, replaceQuotes, specialSymbols);
  }

  /** These options, but for {@link #keepAccents}. */
  public TextOptions withKeepAccents(boolean value) {
    return new TextOptions(lowercase, value, replaceQuotes, specialSymbols);
  }

  /** These options, but for {@link #replaceQuotes}. */
  public TextOptions withReplaceQuotes(boolean value) {
    return new TextOptions(lowercase, keepAccents, value, specialSymbols);
  }

  /** These options, but for {@link #specialSymbols}. */
  public TextOptions withSpecialSymbols(boolean value) {
    return new TextOptions(lowercase, keepAccents, replaceQuotes, value);
  }
}
