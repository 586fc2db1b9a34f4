"""Tasks that read single tokens and not the pooled output."""


class LeavesPooler:
    """Mixed into tasks whose loss doesn't depend on the pooler.

    Its weights stay in the model and in its checkpoints, but they have no
    gradient, so they aren't among those that training changes. The backbone
    itself, which other tasks may share, trains its pooler.
    """

    def _pooler_ids(self):
        return set(map(id, self.backbone.pooler.variables))  # type: ignore[attr-defined]

    def _without_pooler(self, variables):
        unused = self._pooler_ids()
        return [v for v in variables if id(v) not in unused]

    def _and_pooler(self, variables, trained):
        unused = self._pooler_ids()
        return [*variables, *(v for v in trained if id(v) in unused)]

    @property
    def trainable_variables(self):
        return self._without_pooler(super().trainable_variables)  # type: ignore[misc]

    @property
    def trainable_weights(self):
        return self._without_pooler(super().trainable_weights)  # type: ignore[misc]

    @property
    def non_trainable_variables(self):
        return self._and_pooler(
            super().non_trainable_variables,  # type: ignore[misc]
            super().trainable_variables,  # type: ignore[misc]
        )

    @property
    def non_trainable_weights(self):
        return self._and_pooler(
            super().non_trainable_weights,  # type: ignore[misc]
            super().trainable_weights,  # type: ignore[misc]
        )
