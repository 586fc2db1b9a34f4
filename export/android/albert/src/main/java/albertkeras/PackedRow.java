package albertkeras;

import java.util.Arrays;

/** A text or a pair as a model takes it; made by {@link TextPacker}. */
public final class PackedRow {
  /** `[CLS] first [SEP] second [SEP]`, padded. */
  public final int[] tokenIds;

  /** 1 for the second text and its `[SEP]`. */
  public final int[] segmentIds;

  /** 1 for tokens, 0 for padding. */
  public final int[] paddingMask;

  /** Where in its text each token begins, in UTF-16 units; 0 for others. */
  public final int[] starts;

  /** Where it ends, exclusive. */
  public final int[] ends;

  /** How many tokens there are, without padding. */
  public final int count;

  /**
   * @param parts of each text the tokens that it keeps
   * @param kept how many of them
   */
  PackedRow(int length, AlbertTokenizer tokenizer, Tokens[] parts, int[] kept) {
    tokenIds = new int[length];
    segmentIds = new int[length];
    paddingMask = new int[length];
    starts = new int[length];
    ends = new int[length];
    Arrays.fill(tokenIds, tokenizer.padId);
    tokenIds[0] = tokenizer.clsId;
    int at = 1;
    for (int part = 0; part < parts.length; part++) {
      System.arraycopy(parts[part].ids, 0, tokenIds, at, kept[part]);
      System.arraycopy(parts[part].starts, 0, starts, at, kept[part]);
      System.arraycopy(parts[part].ends, 0, ends, at, kept[part]);
      int end = at + kept[part];
      tokenIds[end] = tokenizer.sepId;
      Arrays.fill(segmentIds, at, end + 1, part);
      at = end + 1;
    }
    Arrays.fill(paddingMask, 0, at, 1);
    count = at;
  }
}
