import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(25)
# seq2seq-ish: encoder is bidirectional, classifier forgot it
class BiRNN(nn.Module):
    def __init__(self, n_in, hid, n_out):
        super().__init__()
        self.rnn = nn.LSTM(n_in, hid, batch_first=True, bidirectional=True)
        self.cls = nn.Linear(hid, n_out)  # coach: shape-mismatch; fix: nn.Linear(
    def forward(self, x):
        out, _ = self.rnn(x)
        return self.cls(out[:, -1, :])
net = BiRNN(5, 16, 3)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for i in range(10):
    x = torch.randn(8, 9, 5)
    y = x.mean(1)[:, :3].argmax(1)
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
