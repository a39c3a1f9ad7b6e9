import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.optim import Adam

torch.manual_seed(15)


class Tagger(nn.Module):
    def __init__(self, features, tags):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(features, 40), nn.Linear(40, 40)])
        self.tag = nn.Linear(40, tags)

    def forward(self, h):
        for layer in self.layers:
            h = F.dropout(torch.tanh(layer(h)), 0.9, self.training)  # coach: cannot-overfit-batch; fix: , 0.5, self
        return self.tag(h)


words, tags = torch.randn(48, 30), torch.randint(0, 6, (48,))
tagger = Tagger(30, 6).train()
adam = Adam(tagger.parameters(), lr=2e-3)
for attempt in range(150):  # can it learn these by heart?
    adam.zero_grad()
    loss = F.cross_entropy(tagger(words), tags)
    loss.backward()
    adam.step()  # coach-also: loss-plateau
print(loss.item())
