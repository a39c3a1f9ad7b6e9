import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(106)
T, V, PAD = 7, 10, -100
glyph = torch.randn(V, 12)
text = torch.randint(0, V, (384, T))
strip = glyph[text] + 0.5 * torch.randn(384, T, 12)
lens = torch.randint(4, T + 1, (384,))
target = torch.where(torch.arange(T).unsqueeze(0) < lens.unsqueeze(1), text, torch.full_like(text, PAD))


class LineReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(12, 24, batch_first=True)
        self.cls = nn.Linear(24, V)

    def forward(self, s):
        return self.cls(self.rnn(s)[0])


net = LineReader()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
loader = DataLoader(TensorDataset(strip, target), batch_size=48, shuffle=True)
for epoch in range(6):
    total = 0.0
    for s, t in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(s).transpose(1, 2), t, ignore_index=PAD)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        total += loss.item()
    print(epoch, total / len(loader))
