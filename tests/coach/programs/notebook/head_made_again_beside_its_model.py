# %%
import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(5)
signals = torch.randn(256, 1, 20)
labels = (signals[:, 0, :10].mean(1) > signals[:, 0, 10:].mean(1)).long()
# %%
class Tagger(nn.Module):
    def __init__(self, body, head):
        super().__init__()
        self.body, self.head = body, head

    def forward(self, x):
        return self.head(self.body(x))


body = nn.Sequential(nn.Conv1d(1, 6, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(4), nn.Flatten())
head = nn.Linear(24, 2)
tagger = Tagger(body, head)
# %% [train]
optimizer = torch.optim.Adam(tagger.parameters(), lr=0.01)
for step in range(24):
    rows = torch.randint(0, 200, (32,))
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(tagger(signals[rows]), labels[rows])
    loss.backward()
    optimizer.step()
# %%
head = nn.Sequential(nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, 2))  # coach: stale-object; fix: tagger = Tagger(body, head)
# %%
optimizer = torch.optim.Adam(tagger.parameters(), lr=0.003)
for step in range(24):
    rows = torch.randint(0, 200, (32,))
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(tagger(signals[rows]), labels[rows])
    loss.backward()
    optimizer.step()
# %%
tagger.eval()
with torch.no_grad():
    scores = head(body(signals[200:]))
    print("with the larger head", (scores.argmax(1) == labels[200:]).float().mean().item())
