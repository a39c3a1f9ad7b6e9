import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def train():
    head = nn.Linear(10, 3)
    head.bias.data = torch.tensor([40.0, 0.0, 0.0])  # coach: suspicious-initial-loss
    opt = torch.optim.Adam(head.parameters(), lr=1e-2)
    ds = TensorDataset(torch.randn(60, 10), torch.randint(0, 3, (60,)))
    for x, y in DataLoader(ds, batch_size=20, shuffle=True):
        loss = nn.functional.cross_entropy(head(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()


train()  # coach-also: bad-init
