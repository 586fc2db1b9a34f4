package albertkeras;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Tells files apart by what they hold. */
final class Sha256 {
  private Sha256() {}

  /** The digest of all of a buffer in 64 hexadecimal digits. */
  static String of(ByteBuffer content) {
    ByteBuffer all = content.duplicate();
    all.clear();
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error); // every Java has it
    }
    digest.update(all);
    StringBuilder hexadecimal = new StringBuilder();
    for (byte b : digest.digest()) {
      hexadecimal.append(Character.forDigit(b >> 4 & 0xf, 16));
      hexadecimal.append(Character.forDigit(b & 0xf, 16));
    }
    return hexadecimal.toString();
  }
}
