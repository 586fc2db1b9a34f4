package albertkeras.app

import albertkeras.AlbertException
import albertkeras.FillMask
import albertkeras.IdsModel
import albertkeras.LiteContents
import albertkeras.QuestionAnswerer
import albertkeras.TextClassifier
import java.io.IOException
import java.io.InputStream

/** A model and what is packed with it. */
class OpenModel(val ids: IdsModel, val contents: LiteContents)

/**
 * The three tasks of the screen, each as lines to show.
 *
 * A model is opened when it is first asked.
 *
 * @param open opens an asset
 * @param model opens a .tflite among the assets
 */
class Tasks(
    private val open: (String) -> InputStream,
    private val model: (String) -> OpenModel
) {
    private val vocabulary by lazy { asset(VOCABULARY).use { it.readBytes() } }
    private val fillMask by lazy {
        modelOf(FILL_MASK).run { FillMask(ids, tokenizer()) }
    }
    private val reader by lazy {
        modelOf(READER).run { QuestionAnswerer(ids, tokenizer()) }
    }
    private val classifierModel by lazy { modelOf(CLASSIFIER) }
    private val labels by lazy { classifierModel.contents.labels() }
    private val classifier by lazy {
        classifierModel.run { TextClassifier(ids, tokenizer(), *labels) }
    }

    fun fill(text: String): List<String> =
        fillMask.fill(text, GUESSES).flatten().map { guess ->
            "${percent(guess.score)}  ${guess.sequence}"
        }

    fun classify(text: String): List<String> {
        val scores = classifier.classify(text).scores
        return labels.indices.sortedByDescending { scores[it] }.map {
            "${percent(scores[it])}  ${labels[it]}"
        }
    }

    fun answer(question: String, passage: String): List<String> {
        val found = reader.answer(question, passage)
        // Of a model with head "v1" the odds are NaN: it always answers.
        val none =
            if (found.nullOdds > 0) listOf("Rather no answer.") else emptyList()
        return none + found.answers.take(GUESSES).map { answer ->
            "${percent(answer.probability.toFloat())}  ${answer.text}"
        }
    }

    private fun OpenModel.tokenizer() = contents.tokenizer(vocabulary)

    private fun modelOf(name: String) = present(name) { model(name) }

    private fun asset(name: String): InputStream = present(name) { open(name) }

    private fun <T> present(name: String, block: () -> T): T = try {
        block()
    } catch (error: IOException) {
        throw AlbertException(
            "The app must have the asset $name. Received: none.", error
        )
    }

    private fun percent(score: Float) = "%5.1f %%".format(100 * score)

    private companion object {
        const val VOCABULARY = "spiece.model"
        const val FILL_MASK = "fill_mask.tflite"
        const val CLASSIFIER = "classifier.tflite"
        const val READER = "reader.tflite"
        const val GUESSES = 5
    }
}
