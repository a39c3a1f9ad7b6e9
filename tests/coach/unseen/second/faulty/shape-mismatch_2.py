import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import TensorDataset, DataLoader

BATCH, HID = 32, 20


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(2, HID, batch_first=True)
        self.head = nn.Linear(HID, 1)

    def forward(self, x):
        h0 = torch.zeros(1, BATCH, HID)  # coach: shape-mismatch
        out, _ = self.rnn(x, h0)
        return self.head(out[:, -1, :])


torch.manual_seed(3)
n = 200
series = torch.randn(n, 9, 2)
next_val = series[:, -1, :1] * 0.7 - series[:, -2, 1:] * 0.3
loader = DataLoader(TensorDataset(series, next_val), batch_size=BATCH, shuffle=True)

model = Forecaster()
loss_fn = nn.MSELoss()
opt = optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(3):
    for step, (x, y) in enumerate(loader):
        opt.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        opt.step()
        print(epoch, step, round(loss.item(), 4))
