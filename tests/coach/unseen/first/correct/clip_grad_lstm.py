import gradbook as torch
from gradbook import nn

# The adding problem of Hochreiter & Schmidhuber, short version.
torch.manual_seed(0)
SEQ, BATCH = 10, 32


def adding_batch():
    values = torch.rand(BATCH, SEQ)
    marks = torch.zeros(BATCH, SEQ)
    for row in range(BATCH):
        i, j = torch.randperm(SEQ)[:2].tolist()
        marks[row, i] = marks[row, j] = 1.0
    target = (values * marks).sum(1, keepdim=True)
    return torch.stack([values, marks], dim=-1), target


class Adder(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 24, batch_first=True)
        self.readout = nn.Linear(24, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.readout(out[:, -1])


net = Adder()
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for it in range(30):
    x, y = adding_batch()
    loss = nn.functional.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(net.parameters(), max_norm=0.5)
    opt.step()
    if it % 10 == 0:
        print(f"it {it} mse {loss.item():.4f} grad norm {norm.item():.3f}")
