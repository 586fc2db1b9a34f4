package albertkeras;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Possible answers of a question, of all windows of its passage, and the best
 * of them; the twin of `albert_keras/text/answers.py`.
 */
final class AnswerSpans {
  // run_squad_v1.py and run_squad_v2.py: flags of these names.
  static final int N_BEST = 20;
  static final int MAX_ANSWER_LENGTH = 30;

  private final String context;
  private final Tokens passage;
  private final Windows windows;
  private final List<Answer> spans = new ArrayList<Answer>();

  AnswerSpans(String context, Tokens passage, Windows windows) {
    this.context = context;
    this.passage = passage;
    this.windows = windows;
  }

  /** Pairs the best starts of a window with its best ends (head "v1"). */
  void addOfLogits(
      int window, int first, float[] startLogits, float[] endLogits) {
    int length = windows.lengths[window];
    int[] starts = Scores.best(startLogits, first, length, N_BEST);
    int[] ends = Scores.best(endLogits, first, length, N_BEST);
    for (int start : starts) {
      for (int end : ends) {
        add(window, start, end, startLogits[first + start],
            endLogits[first + end]);
      }
    }
  }

  /** Takes the spans that the beam of a window holds (head "v2"). */
  void addOfBeam(int window, int first, Map<String, float[]> outputs) {
    float[] starts = ModelRow.output(outputs, "start_top_index");
    float[] ends = ModelRow.output(outputs, "end_top_index");
    float[] startScores = ModelRow.output(outputs, "start_top_log_probs");
    float[] endScores = ModelRow.output(outputs, "end_top_log_probs");
    int each = ends.length / starts.length;
    for (int i = 0; i < ends.length; i++) {
      int start = (int) starts[i / each] - first;
      add(window, start, (int) ends[i] - first, startScores[i / each],
          endScores[i]);
    }
  }

  private void add(
      int window, int start, int end, double startScore, double endScore) {
    if (start < 0
        || start > end
        || end >= windows.lengths[window]
        || end - start >= MAX_ANSWER_LENGTH
        || !windows.hasMostContext(window, start)) {
      return;
    }
    int first = windows.starts[window];
    int from = passage.starts[first + start];
    int to = Math.max(from, passage.ends[first + end]);
    String text = context.substring(from, to);
    String stripped = Characters.strip(text);
    int begin = from;
    while (begin < to && Characters.isSpace(context.charAt(begin))) {
      begin++;
    }
    spans.add(
        new Answer(
            stripped, begin, begin + stripped.length(), 0, startScore,
            endScore));
  }

  /** The best answers; of those with the same text the best counts. */
  List<Answer> rank() {
    List<Answer> sorted = new ArrayList<Answer>(spans);
    Collections.sort(sorted, BEST_FIRST);
    List<Answer> kept = new ArrayList<Answer>();
    Set<String> texts = new HashSet<String>();
    for (Answer span : sorted) {
      if (kept.size() < N_BEST && texts.add(span.text)) {
        kept.add(span);
      }
    }
    if (kept.isEmpty()) {
      kept.add(new Answer("", 0, 0, 0, -1e6, -1e6));
    }
    double highest = kept.get(0).score();
    double total = 0;
    for (Answer span : kept) {
      total += Math.exp(span.score() - highest);
    }
    List<Answer> ranked = new ArrayList<Answer>();
    for (Answer span : kept) {
      ranked.add(
          new Answer(
              span.text,
              span.start,
              span.end,
              Math.exp(span.score() - highest) / total,
              span.startScore,
              span.endScore));
    }
    return ranked;
  }

  private static final Comparator<Answer> BEST_FIRST =
      new Comparator<Answer>() {
        @Override
        public int compare(Answer a, Answer b) {
          return Double.compare(b.score(), a.score());
        }
      };
}
