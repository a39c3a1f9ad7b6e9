import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
N, T, FEAT, HID = 320, 6, 5, 16


class SequenceRegressor(nn.Module):
    """Time-major recurrent encoder, every step feeds the dense head."""

    def __init__(self):
        super().__init__()
        self.wx = nn.Linear(FEAT, HID)
        self.wh = nn.Linear(HID, HID, bias=False)
        self.head = nn.Linear(T * HID, 1)

    def step(self, h, x_t):
        return torch.tanh(self.wx(x_t) + self.wh(h))

    def scan(self, xs):
        h = torch.zeros(xs.shape[1], HID)
        outs = []
        for x_t in xs:
            h = self.step(h, x_t)
            outs.append(h)
        return torch.stack(outs)

    def forward(self, x):
        batch = x.shape[0]
        hs = self.scan(x.permute(1, 0, 2))
        flat = hs.reshape(batch, -1)  # coach: batch-axis-mixed; fix: permute(1, 0, 2)
        return self.head(flat)  # coach-also: batch-leak


seq = torch.randn(N, T, FEAT)
w = torch.randn(FEAT)
target = torch.einsum("ntf,f->nt", seq, w).mean(1, keepdim=True)
target = (target - target.mean()) / target.std()

loader = DataLoader(TensorDataset(seq, target), batch_size=32, shuffle=True)
net = SequenceRegressor()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
mse = nn.MSELoss()

history = []
for epoch in range(6):
    losses = []
    for xb, yb in loader:
        opt.zero_grad()
        loss = mse(net(xb), yb)
        loss.backward()
        opt.step()
        losses.append(loss.item())
    history.append(sum(losses) / len(losses))
    print("epoch", epoch, "mse %.4f" % history[-1])
