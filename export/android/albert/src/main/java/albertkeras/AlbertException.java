package albertkeras;

/**
 * What this library throws for a file or an argument that it cannot take.
 *
 * <p>The message is one sentence that names the thing, what was expected and
 * what was received.
 */
public final class AlbertException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** @param message the sentence */
  public AlbertException(String message) {
    super(message);
  }

  /**
   * @param message the sentence
   * @param cause what led to it
   */
  public AlbertException(String message, Throwable cause) {
    super(message, cause);
  }
}
