import gradbook as torch
import gradbook.nn as nn


class Elman(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(2, 16, batch_first=True)
        self.fc = nn.Linear(16, 1)

    def forward(self, x):
        out, h = self.rnn(x)
        return self.fc(out[:, -1])


model = Elman()
nn.init.orthogonal_(model.rnn.weight_hh_l0)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(8):
    x = torch.rand(16, 25, 2)
    y = x[:, 0, :1] + x[:, 10, :1]
    loss = nn.functional.mse_loss(model(x), y)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
