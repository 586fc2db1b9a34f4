package albertkeras;

/** An answer that stands in a passage. */
public final class Answer {
  /** What it says, without white space at its ends. */
  public final String text;

  /** Where in the passage it begins, in UTF-16 units. */
  public final int start;

  /** Where it ends, exclusive. */
  public final int end;

  /** Its probability among the answers that are told. */
  public final double probability;

  /** What the model says of its first token: a logit or log probability. */
  public final double startScore;

  /** Likewise of its last token. */
  public final double endScore;

  Answer(
      String text,
      int start,
      int end,
      double probability,
      double startScore,
      double endScore) {
    this.text = text;
    this.start = start;
    this.end = end;
    this.probability = probability;
    this.startScore = startScore;
    this.endScore = endScore;
  }

  double score() {
    return startScore + endScore;
  }
}
