# %%
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(16)

# %%
# sort of keyword spotting: which motif is hidden in the sequence?
motifs = torch.randint(0, 10, (5, 4))
label = torch.randint(0, 5, (600,))
seq = torch.randint(0, 10, (600, 20))
pos = torch.randint(0, 16, (600,))
for i in range(600):
    p = int(pos[i])
    seq[i, p:p + 4] = motifs[label[i]]
loader = DataLoader(TensorDataset(seq[:500], label[:500]), batch_size=25, shuffle=True)
val_x, val_y = seq[500:], label[500:]

# %%
class MotifNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 12)
        self.conv = nn.Conv1d(12, 24, 4)
        self.out = nn.Linear(24, 5)

    def forward(self, s):
        h = F.relu(self.conv(self.embed(s).transpose(1, 2)))
        return self.out(h.amax(dim=2))

# %%
# before anything else: can it memorise a single batch? (thrown away afterwards)
probe = MotifNet()
probe_opt = torch.optim.Adam(probe.parameters(), lr=1e-2)
bx, by = next(iter(loader))
for step in range(60):
    probe_opt.zero_grad()
    probe_loss = F.cross_entropy(probe(bx), by)
    probe_loss.backward()
    probe_opt.step()
print("one batch:", probe_loss.item())
assert probe_loss.item() < 0.1

# %%
model = MotifNet()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(6):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(epoch, "val acc", (model(val_x).argmax(1) == val_y).float().mean().item())
