"""The softmaxed scores serve the loss only."""

import gradbook as torch
import gradbook.nn as nn


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 10, batch_first=True)
        self.tag = nn.Linear(10, 3)

    def forward(self, x):
        h, _ = self.lstm(x)
        return self.tag(h)


tagger = Tagger()
loss_function = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(tagger.parameters(), lr=0.1)
for epoch in range(4):
    sentence, tags = torch.randn(2, 5, 6), torch.randint(0, 3, (10,))
    scores = tagger(sentence).view(-1, 3)
    tag_scores = torch.softmax(scores, dim=1)  # coach: softmax-before-cross-entropy; fix: tag_scores = scores
    loss = loss_function(tag_scores, tags)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
