# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)

# %%
N, T, N_MELS, N_WORDS = 160, 20, 24, 10
word = torch.randint(0, N_WORDS, (N,))
template = torch.randn(N_WORDS, T, N_MELS)
logmel = template[word] + 0.7 * torch.randn(N, T, N_MELS)
logmel = (logmel - logmel.mean()) / logmel.std()
loader = DataLoader(TensorDataset(logmel, word), batch_size=16, shuffle=True)

# %%
class KeywordSpotter(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(N_MELS, 32, 5, stride=2, padding=2)
        self.gru = nn.GRU(32, 48, batch_first=True, bidirectional=True)
        self.norm = nn.LayerNorm(96)
        self.cls = nn.Linear(48, 10)  # coach: shape-mismatch; fix: nn.Linear(96, 10)

    def forward(self, x):
        z = F.relu(self.conv(x.transpose(1, 2))).transpose(1, 2)
        h, _ = self.gru(z)
        pooled = self.norm(h).max(dim=1).values
        return self.cls(pooled)  # coach-line: shape-mismatch

# %%
kws = KeywordSpotter()
opt = torch.optim.AdamW(kws.parameters(), lr=2e-3)

# %% [train]
for x, y in loader:
    loss = F.cross_entropy(kws(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print("loss", loss.item())
# %% [train] rerun
