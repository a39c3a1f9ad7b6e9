"""An RNN by hand that writes its states into a tensor that is reserved before."""

import gradbook as torch
import gradbook.nn as nn


class SimpleRNN(nn.Module):
    def __init__(self, n_in, n_hidden):
        super().__init__()
        self.W = nn.Parameter(torch.randn(n_in, n_hidden) * 0.1)
        self.U = nn.Parameter(torch.randn(n_hidden, n_hidden) * 0.1)
        self.n_hidden = n_hidden

    def forward(self, x):
        steps, batch, _ = x.shape
        hidden = torch.zeros(steps + 1, batch, self.n_hidden)
        for t in range(steps):
            hidden[t + 1] = torch.tanh(x[t] @ self.W + hidden[t] @ self.U)  # coach: inplace-breaks-backward; fix: hidden = torch.stack(hidden)
        return hidden[1:]


rnn = SimpleRNN(3, 8)
opt = torch.optim.Adam(rnn.parameters())
for _ in range(3):
    x = torch.randn(6, 4, 3)
    loss = (rnn(x)[-1].sum(dim=1) - x.sum(dim=(0, 2))).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
