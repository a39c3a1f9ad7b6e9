# Bag-of-positions sentence classifier, ported from the authors' TF1 repo.
# Sanity check first: drive the loss of one batch to zero.
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(0)
VOCAB, T, K = 40, 12, 5


class TextNet(nn.Module):
    def __init__(self, dim=16, hid=32):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, dim)
        self.fc = nn.Linear(dim * T, hid)
        self.drop = nn.Dropout(0.95)  # coach: cannot-overfit-batch
        self.out = nn.Linear(hid, K)

    def forward(self, tok):
        h = self.drop(self.emb(tok).flatten(1))
        h = F.relu(self.fc(h))
        return self.out(self.drop(h))


tok = torch.randint(0, VOCAB, (40, T))
lab = torch.arange(40) % K

net = TextNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
net.train()
for step in range(200):
    opt.zero_grad()
    loss = F.cross_entropy(net(tok), lab)
    loss.backward()
    opt.step()
    if step % 40 == 39:
        print(f"one-batch check {step + 1:4d}  loss {loss.item():.3f}")
# coach-also: loss-plateau
