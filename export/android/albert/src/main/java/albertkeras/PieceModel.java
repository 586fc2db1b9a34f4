package albertkeras;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a `spiece.model` says: `sentencepiece_model.proto`. */
final class PieceModel {
  static final Charset UTF8 = Charset.forName("UTF-8");

  // ModelProto.SentencePiece.Type
  static final int NORMAL = 1;
  static final int UNKNOWN = 2;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int UNUSED = 5;
  private static final int BYTE = 6;

  private static final int UNIGRAM = 1; // TrainerSpec.ModelType
  private static final String[] NEEDED = {"<pad>", "[CLS]", "[SEP]", "[MASK]"};

  final List<String> pieces = new ArrayList<String>();
  final List<byte[]> bytes = new ArrayList<byte[]>();
  float[] scores = new float[0];
  int[] types = new int[0];
  int unknown = -1;
  String unknownSurface = " \u2047 ";
  byte[] characterMap = new byte[0];
  boolean addDummyPrefix = true;
  boolean removeExtraWhitespaces = true;
  boolean escapeWhitespaces = true;
  private int modelType = UNIGRAM;
  private boolean hasSuffixes;
  private boolean hasNormalizer;
  private boolean hasDenormalizer;

  /**
   * @param proto the content of a `spiece.model`
   * @throws AlbertException if it is none, or none that ALBERT can use
   */
  PieceModel(byte[] proto) {
    if (proto.length == 0) {
      throw new AlbertException(
          "A tokenizer must be given a SentencePiece model. Received: one of 0"
              + " bytes.");
    }
    List<Float> readScores = new ArrayList<Float>();
    List<Integer> readTypes = new ArrayList<Integer>();
    ProtoReader reader = new ProtoReader(proto);
    while (reader.next()) {
      if (reader.is(1, ProtoReader.BYTES)) {
        readPiece(reader.readMessage(), readScores, readTypes);
      } else if (reader.is(2, ProtoReader.BYTES)) {
        readTrainer(reader.readMessage());
      } else if (reader.is(3, ProtoReader.BYTES)) {
        readNormalizer(reader.readMessage());
      } else if (reader.is(5, ProtoReader.BYTES)) {
        readDenormalizer(reader.readMessage());
      } else {
        reader.skip();
      }
    }
    scores = new float[readScores.size()];
    types = new int[scores.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = readScores.get(i);
      types[i] = readTypes.get(i);
    }
    check();
  }

  private void readPiece(
      ProtoReader reader, List<Float> readScores, List<Integer> readTypes) {
    byte[] piece = new byte[0];
    float score = 0;
    int type = NORMAL;
    while (reader.next()) {
      if (reader.is(1, ProtoReader.BYTES)) {
        piece = reader.readBytes();
      } else if (reader.is(2, ProtoReader.FIXED32)) {
        score = reader.readFloat();
      } else if (reader.is(3, ProtoReader.VARINT)) {
        type = reader.readInt();
      } else {
        reader.skip();
      }
    }
    pieces.add(decode(piece));
    bytes.add(piece);
    readScores.add(score);
    // An enum of a value that is not known counts as absent.
    readTypes.add(type < NORMAL || type > BYTE ? NORMAL : type);
  }

  private void readTrainer(ProtoReader reader) {
    while (reader.next()) {
      if (reader.is(3, ProtoReader.VARINT)) {
        modelType = reader.readInt();
      } else if (reader.is(24, ProtoReader.VARINT)) {
        hasSuffixes = reader.readBool();
      } else if (reader.is(44, ProtoReader.BYTES)) {
        unknownSurface = decode(reader.readBytes());
      } else {
        reader.skip();
      }
    }
  }

  private void readNormalizer(ProtoReader reader) {
    hasNormalizer = true;
    while (reader.next()) {
      if (reader.is(2, ProtoReader.BYTES)) {
        characterMap = reader.readBytes();
      } else if (reader.is(3, ProtoReader.VARINT)) {
        addDummyPrefix = reader.readBool();
      } else if (reader.is(4, ProtoReader.VARINT)) {
        removeExtraWhitespaces = reader.readBool();
      } else if (reader.is(5, ProtoReader.VARINT)) {
        escapeWhitespaces = reader.readBool();
      } else {
        reader.skip();
      }
    }
  }

  private void readDenormalizer(ProtoReader reader) {
    while (reader.next()) {
      if (reader.is(2, ProtoReader.BYTES)) {
        hasDenormalizer = reader.readBytes().length > 0;
      } else {
        reader.skip();
      }
    }
  }

  private void check() {
    // It stands behind the pieces, of which some may be lost as well.
    if (!hasNormalizer) {
      throw refused("that breaks off behind " + pieces.size() + " pieces");
    }
    if (modelType != UNIGRAM) {
      throw refused("which is no unigram model");
    }
    if (hasSuffixes) {
      throw refused("which marks the ends of words, not their beginnings");
    }
    if (hasDenormalizer) {
      throw refused("which changes text that it decodes");
    }
    Set<String> found = new HashSet<String>();
    Set<String> reserved = new HashSet<String>();
    for (int i = 0; i < types.length; i++) {
      checkPiece(i, found, reserved);
    }
    if (found.isEmpty()) {
      throw refused("without pieces of text");
    }
    if (unknown < 0) {
      throw refused("without a piece for what is unknown");
    }
    found.addAll(reserved);
    StringBuilder missing = new StringBuilder();
    for (String piece : NEEDED) {
      if (!found.contains(piece)) {
        missing.append(missing.length() > 0 ? ", " : "").append(piece);
      }
    }
    if (missing.length() > 0) {
      throw new AlbertException(
          "An ALBERT vocabulary must hold the pieces <pad>, [CLS], [SEP] and"
              + " [MASK]. Received: a model without "
              + missing
              + ".");
    }
  }

  private void checkPiece(int id, Set<String> found, Set<String> reserved) {
    String piece = pieces.get(id);
    if (piece.isEmpty() || piece.indexOf('\0') >= 0) {
      throw refused("whose piece " + id + " is empty or has a NUL");
    }
    boolean isNormal =
        types[id] == NORMAL
            || types[id] == USER_DEFINED
            || types[id] == UNUSED;
    if (!(isNormal ? found : reserved).add(piece)) {
      throw refused("which holds the piece " + piece + " twice");
    }
    if (Float.isNaN(scores[id]) || Float.isInfinite(scores[id])) {
      throw refused("whose piece " + id + " has no finite score");
    }
    if (types[id] == BYTE) {
      throw new AlbertException(
          "An ALBERT vocabulary must not fall back to bytes. Received: a model"
              + " with pieces for single bytes.");
    }
    if (types[id] == UNKNOWN) {
      if (unknown >= 0) {
        throw refused("with two pieces for what is unknown");
      }
      unknown = id;
    }
  }

  private static String decode(byte[] utf8) {
    try {
      return UTF8.newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(utf8))
          .toString();
    } catch (CharacterCodingException error) {
      throw new AlbertException(
          "A tokenizer must be given a SentencePiece model. Received: one with"
              + " a piece that is no UTF-8.",
          error);
    }
  }

  static AlbertException refused(String why) {
    return new AlbertException(
        "A tokenizer must be given a SentencePiece model of type unigram, as"
            + " ALBERT has. Received: one "
            + why
            + ".");
  }
}
