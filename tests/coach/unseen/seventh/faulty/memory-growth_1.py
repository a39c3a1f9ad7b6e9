# %%
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(11)

# %% data: 16 audio features, 5 instruments
instr = torch.randint(0, 5, (2000,))
tone = torch.randn(5, 16)
audio = tone[instr] + 0.8 * torch.randn(2000, 16)
audio = (audio - audio.mean(0)) / audio.std(0)
loader = DataLoader(TensorDataset(audio, instr), batch_size=100, shuffle=True)

# %%
class Instruments(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(16, 128)
        self.b = nn.Linear(128, 128)
        self.c = nn.Linear(128, 5)

    def forward(self, x):
        x = F.relu(self.a(x))
        x = F.relu(self.b(x))
        return self.c(x)

net = Instruments()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)

# %%
all_outputs = []
all_labels = []
for epoch in range(6):
    for x, y in loader:
        optimizer.zero_grad()
        out = net(x)
        loss = F.cross_entropy(out, y)
        loss.backward()
        optimizer.step()
        all_outputs.append(F.softmax(out, dim=1))  # coach: memory-growth; fix: .detach()
        all_labels.append(y)
    print("epoch", epoch, loss.item())

# %% confidence in the right instrument, over time
for k in range(0, len(all_outputs), 20):
    p = all_outputs[k].gather(1, all_labels[k].unsqueeze(1))  # coach-also: loss-keeps-graph
    print(k, p.mean().item())
