import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(9)
T, B, FEAT, HID = 6, 24, 4, 20


def sequences(n):
    x = torch.randn(T, n, FEAT)
    y = (x[:, :, 0].sum(0) > 0).long() + 2 * (x[-1, :, 1] > 0).long()
    return x, y


class SeqClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(FEAT, HID)
        self.fc = nn.Sequential(nn.Linear(T * HID, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, x):
        out, _ = self.rnn(x)
        flat = out.reshape(x.size(1), -1)  # coach: batch-axis-mixed
        return self.fc(flat)  # coach-also: batch-leak


clf = SeqClassifier()
opt = torch.optim.Adam(clf.parameters(), lr=3e-3)
for step in range(60):
    x, y = sequences(B)
    logits = clf(x)
    loss = F.cross_entropy(logits, y)
    opt.zero_grad()
    loss.backward()  # coach-also: loss-plateau
    opt.step()
    if step % 15 == 0:
        print(step, f"{loss.item():.4f}", (logits.argmax(1) == y).float().mean().item())

clf.eval()
with torch.no_grad():
    x, y = sequences(200)
    print("eval accuracy", (clf(x).argmax(1) == y).float().mean().item())
