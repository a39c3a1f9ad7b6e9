import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
N, T, D, C = 192, 14, 10, 4
lens = torch.randint(5, T + 1, (N,))
mask = (torch.arange(T)[None] < lens[:, None]).float()
proto = torch.randn(C, D)
spk = torch.randint(0, C, (N,))
feats = (torch.randn(N, T, D) + proto[spk][:, None]) / 1.4
feats = feats * mask[..., None]
loader = DataLoader(TensorDataset(feats, mask, spk), batch_size=32, shuffle=True)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(D, 24, batch_first=True)

    def forward(self, x, m):
        h, _ = self.rnn(x)
        return (h * m[..., None]).sum(1) / m.sum(1, keepdim=True)


encoder, head = Encoder(), nn.Linear(24, C)
enc_opt = torch.optim.Adam(encoder.parameters(), lr=3e-3)
head_opt = torch.optim.SGD(head.parameters(), lr=0.05)

for epoch in range(6):
    tot = 0.0
    for x, m, y in loader:
        enc_opt.zero_grad()  # coach-line: missing-zero-grad
        loss = F.cross_entropy(head(encoder(x, m)), y)
        loss.backward()  # coach: missing-zero-grad; fix: head_opt.zero_grad()
        enc_opt.step()
        head_opt.step()
        tot += loss.item() * len(y)
    print(f"epoch {epoch}  ce {tot / N:.3f}")
