import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(28)


class SeqClassifier(nn.Module):
    def __init__(self, feat=5, hid=24, n_cls=3):
        super().__init__()
        self.rnn = nn.GRU(feat, hid)
        self.norm = nn.LayerNorm(hid)
        self.fc = nn.Linear(hid, n_cls)

    def forward(self, x):
        b, t, f = x.shape
        seq = x.reshape(t, b, f)  # coach: batch-axis-mixed
        out, h = self.rnn(seq)
        return self.fc(self.norm(h[-1]))


x = torch.randn(300, 7, 5)
y = (x.sum(1) @ torch.randn(5, 3)).argmax(1)
loader = DataLoader(TensorDataset(x, y), batch_size=30, shuffle=True)
clf = SeqClassifier()
optimiser = torch.optim.Adam(clf.parameters(), lr=5e-3)
for epoch in range(5):
    acc = []
    for xb, yb in loader:
        logits = clf(xb)
        loss = F.cross_entropy(logits, yb)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        acc.append((logits.argmax(1) == yb).float().mean().item())
    print(epoch, loss.item(), sum(acc) / len(acc))
