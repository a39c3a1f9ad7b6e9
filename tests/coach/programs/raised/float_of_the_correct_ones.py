"""float() of a vector of hits."""

import gradbook as torch
import gradbook.nn as nn

clf = nn.Linear(4, 3)
X, Y = torch.randn(20, 4), torch.randint(0, 3, (20,))
with torch.no_grad():
    hits = clf(X).argmax(1) == Y
    accuracy = float(hits) / len(Y)  # coach: item-on-non-scalar; fix: float(hits.sum()) / len(Y)
print(accuracy)
