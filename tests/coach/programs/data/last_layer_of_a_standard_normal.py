import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


class Letters(nn.Module):
    def __init__(self, inputs, letters):
        super().__init__()
        self.hidden = nn.Linear(inputs, 250)
        self.out = nn.Linear(250, letters)
        self.out.weight.data.normal_()  # coach: suspicious-initial-loss; fix: normal_(std=0.063)
        self.out.bias.data.zero_()

    def forward(self, strokes):
        return self.out(torch.tanh(self.hidden(strokes) * 2))


torch.manual_seed(6)
strokes, letter = torch.randn(400, 30), torch.randint(0, 12, (400,))
model = Letters(30, 12)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
for epoch in range(2):
    for x, y in DataLoader(TensorDataset(strokes, letter), batch_size=40, shuffle=True):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()  # coach-also: bad-init
