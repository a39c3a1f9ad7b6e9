"""The loader stacks samples first; the model moves the steps to the front, and takes the last of them."""

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(4, 8, num_layers=2)
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0)
        self.enc = nn.TransformerEncoder(layer, 1)
        self.fc = nn.Linear(8, 1)

    def forward(self, x):
        out, (h, c) = self.rnn(x.permute(1, 0, 2))
        out = self.enc(out)
        return self.fc(out.mean(dim=0) + out[-1] + h[-1] + h.transpose(0, 1).reshape(len(x), -1)[:, :8])


x, y = torch.randn(40, 11, 4), torch.randn(40, 1)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(2):
    for xb, yb in DataLoader(TensorDataset(x, y), batch_size=8, shuffle=True):
        opt.zero_grad()
        nn.MSELoss()(net(xb), yb).backward()
        opt.step()
