import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
terms = torch.rand(320, 45, 2)
marks = torch.zeros(320, 45)
marks[:, 10], marks[:, 30] = 1.0, 1.0
terms[:, :, 1] = marks
answer = (terms[:, :, 0] * marks).sum(1, keepdim=True)


class Adder(nn.Module):
    def __init__(self, width=40):
        super().__init__()
        self.drive = nn.Linear(2, width)
        self.keep = nn.Parameter(torch.eye(width))
        self.read = nn.Linear(width, 1)

    def forward(self, sequence):
        state = torch.zeros(len(sequence), self.keep.shape[0])
        for now in sequence.unbind(1):
            state = torch.relu(self.drive(now) + state @ self.keep)
        return self.read(state)


def fit(model, loader, lr=0.01, epochs=2):
    sgd = torch.optim.SGD(model.parameters(), lr=lr)
    for epoch in range(epochs):
        for batch, wanted in loader:
            sgd.zero_grad()
            loss = nn.functional.mse_loss(model(batch), wanted)
            loss.backward()
            sgd.step()  # coach: exploding-gradients; fix: clip_grad_norm_
            print(epoch, loss.item())


fit(Adder(), DataLoader(TensorDataset(terms, answer), batch_size=32, shuffle=True))  # coach-also: nan-origin, loss-diverged
