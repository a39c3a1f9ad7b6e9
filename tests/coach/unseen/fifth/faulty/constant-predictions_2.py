import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)
n = 600
proto = torch.randint(0, 200, (5, 64))
lab = torch.randint(0, 5, (n,))
raw = proto[lab] + torch.randint(0, 50, (n, 64))


def preprocess(pixels):
    return (pixels // 255).float()  # coach: constant-predictions; fix: / 255


loader = DataLoader(TensorDataset(preprocess(raw), lab), batch_size=50, shuffle=True)


class Glyphs(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64, 32), nn.ReLU())
        self.head = nn.Linear(32, 5)

    def forward(self, x):
        return self.head(self.body(x))


m = Glyphs()
ce = nn.CrossEntropyLoss()
opt = torch.optim.Adam(m.parameters(), lr=2e-3)
for epoch in range(8):
    seen = set()
    for xb, yb in loader:  # coach-also: input-not-normalised
        opt.zero_grad()
        out = m(xb)
        loss = ce(out, yb)
        loss.backward()
        opt.step()
        seen |= set(out.argmax(1).tolist())
    print(epoch, f"{loss.item():.3f}", seen)  # coach-also: loss-plateau
