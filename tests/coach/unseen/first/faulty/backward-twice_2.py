import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# stateful RNN: the hidden state is carried over batches
torch.manual_seed(96)
class CharRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.e, self.r, self.o = nn.Embedding(9, 8), nn.GRU(8, 16, batch_first=True), nn.Linear(16, 9)
    def forward(self, t, h):
        y, h = self.r(self.e(t), h)
        return self.o(y), h
net = CharRNN()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
stream = torch.arange(4 * 61).view(4, 61) % 9
hidden = torch.zeros(1, 4, 16)
for k in range(0, 60, 10):
    xb, yb = stream[:, k:k + 10], stream[:, k + 1:k + 11]
    logits, hidden = net(xb, hidden)  # coach: backward-twice; fix: hidden.detach()
    loss = F.cross_entropy(logits.reshape(-1, 9), yb.reshape(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(k, loss.item())
