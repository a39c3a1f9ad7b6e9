# Sequence tagging homework: label every element "bigger than its left neighbour" or not.
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)
T = 8


class Tagger(nn.Module):
    def __init__(self, hidden=20):
        super().__init__()
        self.cell = nn.GRUCell(1, hidden)
        self.tag = nn.Linear(hidden, 2)
        self.hidden = hidden

    def forward(self, seq):
        h = torch.zeros(seq.size(0), self.hidden)
        outputs = []
        for t in range(seq.size(1)):
            h = self.cell(seq[:, t:t + 1], h)
            outputs.append(self.tag(h))
        return outputs


values = torch.randn(320, T)
tags = torch.zeros(320, T, dtype=torch.long)
tags[:, 1:] = (values[:, 1:] > values[:, :-1]).long()
loader = DataLoader(TensorDataset(values, tags), batch_size=32, shuffle=True)

tagger = Tagger()
optimizer = torch.optim.Adam(tagger.parameters(), lr=1e-2)

for epoch in range(3):
    for seq, tag in loader:
        outputs = tagger(seq)
        step_losses = []
        for t in range(T):
            step_losses.append(F.cross_entropy(outputs[t], tag[:, t]))
        loss = torch.tensor(step_losses, requires_grad=True).mean()  # coach: detached-graph; fix: torch.stack(step_losses)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", loss.item())  # coach-also: loss-plateau
