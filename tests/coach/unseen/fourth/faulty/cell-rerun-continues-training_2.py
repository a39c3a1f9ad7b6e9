# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

# %% toy keyword spotting: 3 words, 16 frames of 10 coefficients
word = torch.randint(0, 3, (180,))
template = torch.randn(3, 16, 10)
mfcc = 0.6 * template[word] + torch.randn(180, 16, 10)
mfcc = (mfcc - mfcc.mean()) / mfcc.std()
loader = DataLoader(TensorDataset(mfcc, word), batch_size=18, shuffle=True)


class Spotter(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.rnn = nn.GRU(10, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 3)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.fc(out.mean(1))


# %% [model]
spotter = Spotter()  # coach-line: cell-rerun-continues-training
optimizer = torch.optim.Adam(spotter.parameters(), lr=3e-3)  # coach-line: cell-rerun-continues-training

# %% [fit]
history = []
spotter.train()
for epoch in range(4):  # coach: cell-rerun-continues-training
    for x, w in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(spotter(x), w)
        loss.backward()
        optimizer.step()
        history.append(loss.item())
print("first", round(history[0], 3), "last", round(history[-1], 3))

# %% [fit] rerun
