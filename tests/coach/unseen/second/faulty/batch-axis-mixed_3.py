import gradbook as torch
from gradbook import nn


class SeqModel(nn.Module):
    """unrolled GRU cell, average of the states is classified"""

    def __init__(self, n_in, n_hid, n_out):
        super().__init__()
        self.n_hid = n_hid
        self.cell = nn.GRUCell(n_in, n_hid)
        self.score = nn.Linear(n_hid, 1)
        self.out = nn.Linear(n_hid, n_out)

    def forward(self, x):
        n, steps, _ = x.shape
        h = torch.zeros(n, self.n_hid)
        states = []
        for s in range(steps):
            h = self.cell(x[:, s], h)
            states.append(h)
        states = torch.stack(states).view(n, steps, self.n_hid)  # coach: batch-axis-mixed
        alpha = torch.softmax(self.score(states), dim=1)
        return self.out((alpha * states).sum(dim=1))


def fit(model, x, y, epochs=6, bs=30, lr=8e-3):
    opt = torch.optim.RMSprop(model.parameters(), lr=lr)
    ce = nn.CrossEntropyLoss()
    for e in range(epochs):
        tot = 0.0
        for b in torch.randperm(len(x)).split(bs):
            opt.zero_grad()
            loss = ce(model(x[b]), y[b])
            loss.backward()
            opt.step()
            tot += loss.item() * len(b)
        print(f"epoch {e:02d} loss {tot / len(x):.4f}")


torch.manual_seed(19)
x = torch.randn(180, 8, 3)
y = x.mean(1).argmax(1)
fit(SeqModel(3, 20, 3), x, y)
# coach-also: batch-leak, loss-plateau
